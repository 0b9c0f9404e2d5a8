import { expect, it } from 'vitest';
import { BOUNDS } from '../../bench/bounds.ts';
import { bounded, figure, isPast, reportText, table } from '../../bench/figures.ts';

it('a figure is past its bound beyond it, not at it; without one never', () => {
  const { bound } = BOUNDS['create-calls'];
  expect(isPast(bounded('create-calls', bound))).toBe(false);
  expect(isPast(bounded('create-calls', bound + 1))).toBe(true);
  expect(isPast(bounded('memory', Number.NaN))).toBe(true);
  expect(isPast(figure('share', 1e9, '%'))).toBe(false);
});

it('a table aligns numbers to the right and text to the left', () => {
  expect(
    table([
      ['function', 'kB', 'parts'],
      ['a', 5, 'x'],
      ['bbbbbbbbbb', 123.4, 'yy'],
    ]),
  ).toEqual(['function       kB  parts', 'a               5  x', 'bbbbbbbbbb  123.4  yy']);
});

it('a report shows every figure beside its bound, and which is past it', () => {
  const text = reportText([
    {
      title: 'Calls',
      figures: [bounded('create-ledger', 99), bounded('delete-ledger', 1), figure('cost', 3.5, '$')],
      table: ['made of'],
      details: {},
    },
  ]);
  expect(text.split('\n')).toEqual([
    '## Calls',
    '',
    'made of',
    '',
    expect.stringMatching(/^create: calls to the ledger +99 +at most \d+ +PAST ITS BOUND$/),
    expect.stringMatching(/^delete: calls to the ledger +1 +at most \d+$/),
    expect.stringMatching(/^cost +3\.5 +\$$/),
  ]);
});
