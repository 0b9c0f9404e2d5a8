import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Not 0: on one worker, that group comes last.
const FIRST = { groupOrder: 1 };
const LAST = { groupOrder: 2 };

// A guard against what never ends, far from what anything takes: speed is measured elsewhere.
const PATIENT = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    // The tests of the sandbox wait more than they work: three side by side, also on two cores.
    maxWorkers: 3,
    provide: { runDir: join(tmpdir(), `oidc-factory-test-${randomUUID()}`) },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'test/{bench,bin,cli,contracts,core,credentials,docs,fuzz,lambdas,lib,simulator,statemachines,workflows}/**/*.test.ts',
          ],
          ...PATIENT,
          sequence: FIRST,
        },
      },
      {
        test: {
          name: 'sandbox',
          include: ['test/{sandbox,factory}/**/*.test.ts'],
          globalSetup: ['test/assembly.setup.ts'],
          setupFiles: ['test/least-privilege/test-file.setup.ts'],
          ...PATIENT,
          sequence: FIRST,
        },
      },
      {
        test: {
          name: 'least-privilege',
          include: ['test/least-privilege/**/*.test.ts'],
          // After all others: it reads what they used.
          sequence: LAST,
        },
      },
    ],
  },
});
