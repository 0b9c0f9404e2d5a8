import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DRIFT, DRIFT_REASONS } from '../../../core/drift/reasons.ts';

const WHAT = { none: 'report', changes: 'puts it right', destructive: 'removes' };

it('documents every reason with its own text', () => {
  const rows = DRIFT_REASONS.map(
    (reason) => `| \`${reason}\` | ${DRIFT[reason].text} | ${WHAT[DRIFT[reason].risk]} |`,
  );
  expect(readFileSync(new URL('../../../docs/drift.md', import.meta.url), 'utf8')).toContain(rows.join('\n'));
});
