import { expect, it } from 'vitest';
import { csvLine } from '../../cli/csv.ts';

it.each([
  ['plain', 'plain'],
  ['', ''],
  ['a,b', '"a,b"'],
  ['say "x"', '"say ""x"""'],
  ['two\nlines', '"two\nlines"'],
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  [' =1', "' =1"],
  ['＝1', "'＝1"],
  ['a=b', 'a=b'],
  ['arn:aws:iam::111122223333:role/x', 'arn:aws:iam::111122223333:role/x'],
])('writes %j as %j', (text, written) => {
  expect(csvLine([text, 'z'])).toBe(`${written},z`);
});
