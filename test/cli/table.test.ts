import { describe, expect, it } from 'vitest';
import { harmless } from '../../cli/io.ts';
import { table } from '../../cli/table.ts';

describe('a table', () => {
  const rows = [
    ['NAME', 'WHY'],
    ['a', 'because'],
    ['longer', ''],
  ];

  it('aligns its columns and ends no line with blanks', () => {
    expect(table(rows, undefined)).toEqual(['NAME    WHY', 'a       because', 'longer']);
  });

  it('cuts lines that a terminal would break', () => {
    expect(table(rows, 11)).toEqual(['NAME    WHY', 'a       be…', 'longer']);
  });

  it('may be empty', () => {
    expect(table([], 80)).toEqual([]);
  });
});

describe('what goes to a terminal', () => {
  it('commands it nothing but styles', () => {
    expect(harmless('\u001b[31mred\u001b[39m\tand\nblank')).toBe('\u001b[31mred\u001b[39m\tand\nblank');
    expect(harmless('a\u001b]0;title\u0007b\u001b[2Jc\rd\u009b1Ae')).toBe(
      'a\ufffd]0;title\ufffdb\ufffd[2Jc\ufffdd\ufffd1Ae',
    );
  });
});
