/** Runs after all others: no policy of the templates allows what nothing uses. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { GUARD_ASSEMBLY } from '../factory/guard/assembly.ts';
import { allowedActions, keyOf } from './allowed-actions.ts';
import { readReports } from './used-actions.ts';

/** The test files that may run a factory: without one of them, what only it uses would seem unused. */
const test = join(import.meta.dirname, '..');
const wholeSuite = ['sandbox', 'factory']
  .flatMap((folder) =>
    readdirSync(join(test, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(test, folder, file),
    ),
  )
  .filter((file) => file.endsWith('.test.ts'));

it('no action that a policy of the templates allows stays unused over the whole suite', ({ skip }) => {
  const runDir = inject('runDir');
  const { testFiles, used } = readReports(runDir);
  if (wholeSuite.some((file) => !testFiles.has(file))) {
    console.warn(
      'Unused permissions: not looked for. That needs the whole suite: npm test, without filters.',
    );
    skip();
  }
  // With the guard there is everything that there is without it.
  const unused = allowedActions(join(runDir, GUARD_ASSEMBLY))
    .filter((allowed) => !used.has(keyOf(allowed)))
    .map(({ policy, statement, sid, action }) => `${policy}, statement ${sid ?? statement}: ${action}`);
  expect(unused, 'Remove these permissions, or test what needs them').toEqual([]);
});
