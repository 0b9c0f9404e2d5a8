import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { word } from '../../cli/connect/quote.ts';

describe('a word of a shell', () => {
  it('arrives as it is', () => {
    const texts = [
      'plain',
      'arn:aws:iam::111122223333:role/a+b=c,d@e',
      '',
      "it's",
      '$(id) `id` "x" \\ *',
      'a\nb',
      '-n',
    ];
    const printed = execFileSync('sh', ['-c', `printf '%s|' ${texts.map(word).join(' ')}`], {
      encoding: 'utf8',
    });
    expect(printed).toBe(`${texts.join('|')}|`);
  });

  it('stays without quotes where it needs none', () => {
    expect(word('api://a9900000-0000-4000-8000-000000000001')).toBe(
      'api://a9900000-0000-4000-8000-000000000001',
    );
  });
});
