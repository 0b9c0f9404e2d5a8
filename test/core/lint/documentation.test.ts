import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RULE_IDS, RULES } from '../../../core/lint/rules.ts';

it('every rule has its place in docs/lint.md, by id and title, and no other rule has', () => {
  const text = readFileSync(new URL('../../../docs/lint.md', import.meta.url), 'utf8');
  const documented = [...text.matchAll(/^### (W[IR]\d\d .+)$/gm)].map(([, heading]) => heading);
  expect(documented).toEqual(RULE_IDS.map((id) => `${id} ${RULES[id].title}`));
});
