/** Before each test file that may run a factory: which one it is, for the last test of the suite. */
import { expect, inject } from 'vitest';
import { reportTestFile } from './used-actions.ts';

reportTestFile(inject('runDir'), expect.getState().testPath ?? '');
