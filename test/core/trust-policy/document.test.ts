import { describe, expect, it } from 'vitest';
import { readTrustPolicy, writeTrustPolicy } from '../../../core/trust-policy/document.ts';

const roundTrip = (text: string) => {
  const document = readTrustPolicy(text);
  return writeTrustPolicy(
    document,
    document.statements.map((statement) => [statement]),
  );
};

describe('a trust policy', () => {
  it.each([
    ['a list', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"},{"Effect":"Deny"}]}'],
    ['an object', '{"Statement":{"Effect":"Allow"},"Version":"2012-10-17"}'],
    ['an empty list', '{"Statement":[]}'],
    ['unknown elements', '{"Id":"é\\u2028\\"","Statement":[{"X":{"y":[1,true,null,{}]}}],"Z":0.5}'],
    ['numbers in any notation', '{"Statement":[{"a":[0.1,1.50,1E5,-2e-7,0e9,1e21,9007199254740992]}]}'],
    ['hostile names', '{"__proto__":{"a":1},"Statement":[{"__proto__":{"b":2},"constructor":"c"}]}'],
  ])('is written back as it was, with Statement as %s', (_, text) => {
    expect(roundTrip(text)).toBe(JSON.stringify(JSON.parse(text)));
  });

  it('is written without whitespace', () => {
    expect(roundTrip(' {\n "Statement" : [ { "Sid" : "a b" } ] }\n')).toBe('{"Statement":[{"Sid":"a b"}]}');
  });

  it('becomes a list where an object is split', () => {
    const document = readTrustPolicy('{"Statement":{"Sid":"a"}}');
    expect(writeTrustPolicy(document, [[{ Sid: 'a' }, { Sid: 'b' }]])).toBe(
      '{"Statement":[{"Sid":"a"},{"Sid":"b"}]}',
    );
  });

  it('does not reach the prototype of anything', () => {
    roundTrip('{"__proto__":{"polluted":true},"Statement":[{"__proto__":{"polluted":true}}]}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('what cannot be read', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

  it.each([
    ['no JSON', 'Version: 2012-10-17', 'expected JSON'],
    ['nothing', '', 'expected JSON'],
    ['a list', '[]', 'expected an object'],
    ['null', 'null', 'expected an object'],
    ['no Statement', '{}', 'Statement: expected an object'],
    ['a Statement that is text', '{"Statement":"Allow"}', 'Statement: expected an object'],
    ['a list with something else', '{"Statement":[{},[]]}', 'Statement: expected an object'],
    ['too much text', `{"Statement":[],"Id":"${'x'.repeat(100_000)}"}`, 'characters'],
    ['too many levels', `{"Statement":[{"a":${nested(20)}}]}`, 'levels'],
    ['levels that could overflow a stack', `{"Statement":${nested(30_000)}}`, 'levels'],
    ['a key that stands twice', '{"Statement":[{"Sid":"a","\\u0053id":"b"}]}', 'only once'],
    ['a number that would lose digits', '{"Statement":[{"a":12345678901234567890}]}', 'lose digits'],
    ['a number beyond all bounds', '{"Statement":[{"a":1e999}]}', 'lose digits'],
    ['a fraction that would lose digits', '{"Statement":[{"a":0.12345678901234567891}]}', 'lose digits'],
    ['a number that would become nothing', '{"Statement":[{"a":-1e-400}]}', 'lose digits'],
    ['one more than an integer can be', '{"Statement":[{"a":9007199254740993}]}', 'lose digits'],
  ])('is refused without quoting it: %s', (_, text, why) => {
    expect(() => readTrustPolicy(text)).toThrowError(
      expect.objectContaining({ name: 'TrustPolicyUnreadable', message: expect.stringContaining(why) }),
    );
  });
});
