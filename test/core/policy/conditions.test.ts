import { describe, expect, it } from 'vitest';
import { authorize } from '../../../core/policy/evaluate.ts';
import type { RequestContext } from '../../../core/policy/types.ts';
import { ALLOW_ALL, policyOf, request } from './policies.ts';

type Values = string | number | boolean | readonly (string | number | boolean)[];

/** Whether a statement with this one condition on `k:key` applies to a request with these values of the key. */
function applies(
  operator: string,
  values: Values,
  actual: string | readonly string[] | undefined,
  effect: 'Allow' | 'Deny' = 'Allow',
  context: RequestContext = {},
): boolean {
  const statement = { ...ALLOW_ALL, Effect: effect, Condition: { [operator]: { 'k:key': values } } };
  const decision = authorize(request({ context: { 'k:key': actual, ...context } }), {
    identity: [policyOf('identity', statement)],
  });
  return decision.trace[0]?.matched === true;
}

describe('a condition operator', () => {
  it.each<[string, Values, string, boolean]>([
    ['StringEquals', 'abc', 'abc', true],
    ['StringEquals', 'abc', 'ABC', false],
    ['StringEquals', 'a*', 'abc', false],
    ['StringEquals', ['x', 'abc'], 'abc', true],
    ['StringEquals', '', '', true],
    ['StringNotEquals', 'abc', 'abd', true],
    ['StringNotEquals', ['abc', 'abd'], 'abd', false],
    ['StringEqualsIgnoreCase', 'AbC', 'aBc', true],
    ['StringNotEqualsIgnoreCase', 'AbC', 'aBc', false],
    ['StringLike', 'a*', 'abc', true],
    ['StringLike', 'a?c', 'abc', true],
    ['StringLike', 'A*', 'abc', false],
    ['StringNotLike', 'a*', 'abc', false],
    ['StringNotLike', ['x*', 'y*'], 'abc', true],
    ['NumericEquals', 10, '10.0', true],
    ['NumericEquals', '10', 'ten', false],
    ['NumericEquals', '9007199254740993', '9007199254740992', false],
    ['NumericEquals', '9007199254740993', '9007199254740993.000', true],
    ['NumericNotEquals', '0.3', '0.30000000000000001', true],
    ['NumericGreaterThan', '9007199254740992', '9007199254740993', true],
    ['NumericGreaterThan', '5', '9'.repeat(400), true],
    ['NumericLessThan', '-0.1', '-0.10000000000000001', true],
    ['NumericNotEquals', '10', '11', true],
    ['NumericNotEquals', '10', 'ten', true],
    ['NumericLessThan', '10', '9.5', true],
    ['NumericLessThan', '10', '10', false],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '-1', '0', true],
    ['NumericGreaterThanEquals', '3', '2', false],
    ['DateEquals', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00', true],
    ['DateEquals', '1767225600', '2026-01-01', true],
    ['DateNotEquals', '2026-01-01', '2026-01-01T00:00:00Z', false],
    ['DateLessThan', '2026-01-01', '2025-12-31T23:59:59Z', true],
    ['DateLessThanEquals', '2026-01', '2026-01-01T00:00:00Z', true],
    ['DateGreaterThan', '2026', '2026-01-01T00:00:00.001Z', true],
    ['DateGreaterThanEquals', '2026-01-01', '2025-12-31', false],
    ['DateGreaterThan', '2026-01-01', 'yesterday', false],
    ['Bool', true, 'true', true],
    ['Bool', 'False', 'false', true],
    ['Bool', 'false', 'true', false],
    ['Bool', 'false', 'no', false],
    ['BinaryEquals', 'QUJD', 'QUJD', true],
    ['BinaryEquals', 'QUJD', 'QUJE', false],
    ['IpAddress', '203.0.113.0/24', '203.0.113.7', true],
    ['IpAddress', '203.0.113.0/24', '203.0.114.7', false],
    ['IpAddress', '203.0.113.7', '203.0.113.7', true],
    ['IpAddress', '0.0.0.0/0', '203.0.113.7', true],
    ['IpAddress', '0.0.0.0/0', '2001:db8::1', false],
    ['IpAddress', '2001:DB8:1234:5678::/64', '2001:db8:1234:5678:9::1', true],
    ['IpAddress', '2001:db8:1234:5678::/64', '2001:db8:1234:5679::1', false],
    ['IpAddress', '2001:db8::1', '2001:0db8:0:0:0:0:0:1', true],
    ['IpAddress', '::ffff:192.0.2.0/120', '::ffff:192.0.2.9', true],
    ['IpAddress', '::/0', 'not-an-address', false],
    ['IpAddress', '::/0', '203.0.113.7', false],
    ['NotIpAddress', '203.0.113.0/24', '203.0.113.7', false],
    ['NotIpAddress', '203.0.113.0/24', '198.51.100.1', true],
    ['ArnEquals', 'arn:aws:iam::*:role/x', 'arn:aws:iam::111122223333:role/x', true],
    ['ArnLike', 'arn:aws:iam::111122223333:role/X', 'arn:aws:iam::111122223333:role/x', false],
    ['ArnLike', 'arn:aws:sns:*:111122223333:a', 'arn:aws:sns:us-east-1:444455556666:b:111122223333:a', false],
    ['ArnLike', 'arn:aws:states:*:*:execution:*:run', 'arn:aws:states:eu-west-1:1:execution:m:run', true],
    ['ArnLike', 'arn:*:*:*:*:*', 'not an arn', false],
    ['ArnLike', 'arn:*:*:*:*:*', 'arn:aws:iam', false],
    ['ArnNotEquals', 'arn:aws:iam::*:role/x', 'arn:aws:iam::111122223333:role/y', true],
    ['ArnNotLike', 'arn:aws:iam::*:role/*', 'arn:aws:iam::111122223333:role/y', false],
    ['Null', 'true', 'here', false],
    ['Null', false, 'here', true],
  ])('%s %j is met by %j: %j', (operator, values, actual, expected) => {
    expect(applies(operator, values, actual)).toBe(expected);
  });

  it.each<[string, Values, boolean]>([
    ['StringEquals', 'a', false],
    ['StringLike', '*', false],
    ['StringNotEquals', 'a', true],
    ['StringNotEqualsIgnoreCase', 'a', true],
    ['StringNotLike', '*', true],
    ['NumericLessThan', '10', false],
    ['NumericNotEquals', '10', true],
    ['DateLessThan', '2026-01-01', false],
    ['DateNotEquals', '2026-01-01', true],
    ['Bool', 'false', false],
    ['BinaryEquals', 'QUJD', false],
    ['IpAddress', '0.0.0.0/0', false],
    ['NotIpAddress', '0.0.0.0/0', true],
    ['ArnLike', 'arn:aws:iam::*:role/*', false],
    ['ArnNotLike', 'arn:aws:iam::*:role/*', true],
    ['Null', 'true', true],
    ['Null', 'false', false],
    ['StringEqualsIfExists', 'a', true],
    ['StringNotEqualsIfExists', 'a', true],
    ['NumericLessThanIfExists', '10', true],
    ['BoolIfExists', 'false', true],
    ['IpAddressIfExists', '203.0.113.7', true],
    ['ArnLikeIfExists', 'arn:aws:iam::*:role/x', true],
    ['ForAllValues:StringEquals', 'a', true],
    ['ForAllValues:StringNotEquals', 'a', true],
    ['ForAnyValue:StringEquals', 'a', false],
    ['ForAnyValue:StringNotEquals', 'a', false],
    ['ForAnyValue:StringEqualsIfExists', 'a', true],
  ])('%s %j is met by an absent key: %j', (operator, values, expected) => {
    expect(applies(operator, values, undefined)).toBe(expected);
    expect(applies(operator, values, [])).toBe(expected);
  });

  it('with IfExists compares where the key is present', () => {
    expect(applies('StringEqualsIfExists', 'a', 'b')).toBe(false);
    expect(applies('StringNotEqualsIfExists', 'a', 'a')).toBe(false);
  });
});

describe('a set prefix', () => {
  it.each<[string, Values, string[], boolean]>([
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringLike', ['factory:*'], ['factory:x', 'factory:y'], true],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
    ['ForAllValues:StringNotEquals', ['a'], ['a', 'c'], false],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['z', 'b'], true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['z'], false],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'b'], false],
    [
      'ForAnyValue:ArnLike',
      'arn:aws:iam::*:role/x',
      ['arn:aws:iam::1:role/y', 'arn:aws:iam::1:role/x'],
      true,
    ],
    ['ForAllValues:StringEquals', ['a'], [''], true],
    ['ForAnyValue:StringEquals', [''], [''], false],
  ])('%s %j is met by %j: %j', (operator, values, actual, expected) => {
    expect(applies(operator, values, actual)).toBe(expected);
  });
});

describe('a key with several values under an operator without set prefix', () => {
  it('meets an Allow only with every value', () => {
    expect(applies('StringEquals', 'a', ['a', 'b'])).toBe(false);
    expect(applies('StringEquals', ['a', 'b'], ['a', 'b'])).toBe(true);
    expect(applies('StringNotEquals', 'a', ['a', 'b'])).toBe(false);
  });

  it('meets a Deny with any value', () => {
    expect(applies('StringEquals', 'a', ['a', 'b'], 'Deny')).toBe(true);
    expect(applies('StringNotEquals', 'a', ['a', 'b'], 'Deny')).toBe(true);
    expect(applies('StringEquals', 'z', ['a', 'b'], 'Deny')).toBe(false);
  });
});

describe('a policy variable', () => {
  const who = { 'aws:username': 'dana', 'aws:PrincipalTag/team': 'a*', 'aws:TagKeys': ['x', 'y'] };

  it.each<[string, string, string, boolean]>([
    ['StringEquals', `\${aws:username}`, 'dana', true],
    ['StringEquals', `\${AWS:UserName}/x`, 'dana/x', true],
    ['StringLike', `home/\${aws:username}/*`, 'home/dana/a', true],
    ['StringLike', `home/\${aws:username}/*`, 'home/other/a', false],
    ['StringEqualsIgnoreCase', `\${aws:username}`, 'DANA', true],
    ['ArnLike', `arn:aws:iam::*:user/\${aws:username}`, 'arn:aws:iam::1:user/dana', true],
    ['StringEquals', `\${aws:userid, 'anonymous'}`, 'anonymous', true],
    ['StringEquals', `\${aws:username, 'anonymous'}`, 'dana', true],
    ['StringEquals', `\${aws:userid, ''}`, '', true],
    ['StringLike', `a\${*}b`, 'a*b', true],
    ['StringLike', `a\${*}b`, 'axb', false],
    ['StringLike', `a\${?}b`, 'axb', false],
    ['StringEquals', `a\${$}{aws:username}`, `a\${aws:username}`, true],
    ['StringEquals', '5$ and $x', '5$ and $x', true],
    ['StringLike', `\${aws:PrincipalTag/team}`, 'ab', false],
    ['StringLike', `\${aws:PrincipalTag/team}`, 'a*', true],
  ])('%s %s is met by %s: %j', (operator, value, actual, expected) => {
    expect(applies(operator, value, actual, 'Allow', who)).toBe(expected);
  });

  it.each([`\${aws:userid}`, `\${aws:TagKeys}`])(
    'without exactly one value (%s) equals nothing, so negated operators match',
    (value) => {
      expect(applies('StringEquals', value, 'x', 'Allow', who)).toBe(false);
      expect(applies('StringLike', `${value}*`, 'x', 'Allow', who)).toBe(false);
      expect(applies('StringNotEquals', value, 'x', 'Allow', who)).toBe(true);
    },
  );
});
