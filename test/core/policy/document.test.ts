import { describe, expect, it } from 'vitest';
import { FactoryError } from '../../../core/errors.ts';
import { parsePolicy } from '../../../core/policy/document.ts';
import { MAX_POLICY_DEPTH, MAX_POLICY_LENGTH } from '../../../core/policy/json.ts';
import type { PolicyKind } from '../../../core/policy/types.ts';
import { ACCOUNT, DENY_ALL, ROLE } from './policies.ts';

const IDENTITY = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' };
const TRUST = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: ROLE } };
const RESOURCE = { ...IDENTITY, Principal: '*' };

const read = (statement: object, kind: PolicyKind = 'identity', version = '2012-10-17') =>
  parsePolicy({ Version: version, Statement: [statement] }, 'example', kind);

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(FactoryError);
    expect((error as FactoryError).code).toBe('PolicyNotUnderstood');
    return (error as FactoryError).message;
  }
  throw new Error('was accepted');
}

describe('a policy document', () => {
  it('is read as text or as a value', () => {
    const document = { Version: '2012-10-17', Id: 'x', Statement: [{ Sid: 's', ...IDENTITY }] };
    const expected = {
      name: 'example',
      version: '2012-10-17',
      statements: [
        {
          index: 0,
          sid: 's',
          effect: 'Allow',
          action: ['sqs:SendMessage'],
          resource: ['*'],
          conditions: [],
        },
      ],
    };
    expect(parsePolicy(document, 'example', 'identity')).toEqual(expected);
    expect(parsePolicy(JSON.stringify(document), 'example', 'identity')).toEqual(expected);
  });

  it('may have one statement without a list, and no version', () => {
    const policy = parsePolicy({ Statement: IDENTITY }, 'example', 'identity');
    expect(policy.version).toBe('2008-10-17');
    expect(policy.statements).toHaveLength(1);
  });

  it('keeps conditions as written, numbers and booleans as text', () => {
    const [statement] = read({
      ...IDENTITY,
      Condition: { Bool: { 'aws:SecureTransport': true }, NumericLessThan: { 'K:Count': [1, 2.5] } },
    }).statements;
    expect(statement?.conditions).toEqual([
      { operator: 'Bool', key: 'aws:SecureTransport', values: ['true'] },
      { operator: 'NumericLessThan', key: 'K:Count', values: ['1', '2.5'] },
    ]);
  });

  it.each<[string, object, object]>([
    ['"*"', { Principal: '*' }, { any: true, aws: [], service: [], federated: [] }],
    ['AWS "*"', { Principal: { AWS: '*' } }, { any: true, aws: [], service: [], federated: [] }],
    [
      'several of several types',
      {
        Principal: {
          AWS: [ACCOUNT, ROLE, 'AROA0123456789ABCDEF'],
          Service: 'lambda.amazonaws.com',
          Federated: ['cognito-identity.amazonaws.com', `arn:aws:iam::${ACCOUNT}:saml-provider/idp`],
        },
      },
      {
        any: false,
        aws: [ACCOUNT, ROLE, 'AROA0123456789ABCDEF'],
        service: ['lambda.amazonaws.com'],
        federated: ['cognito-identity.amazonaws.com', `arn:aws:iam::${ACCOUNT}:saml-provider/idp`],
      },
    ],
  ])('names principals: %s', (_, principal, expected) => {
    expect(read({ ...TRUST, ...principal }, 'trust').statements[0]?.principal).toEqual(expected);
  });
});

describe('what is not understood is refused, with policy, statement and field:', () => {
  it.each<[string, unknown, string]>([
    ['not JSON', '{"Version":', 'example: document: expected JSON'],
    ['JSON null', 'null', 'example: document: expected an object'],
    ['a list', [], 'example: document: expected an object'],
    ['another version', { Version: '2020-01-01', Statement: [] }, 'example: Version'],
    ['an unknown element', { Statement: [], Statements: [] }, 'example: document.Statements'],
    ['no statement', { Version: '2012-10-17' }, 'example: Statement[0]'],
    ['a statement that is text', { Statement: ['x'] }, 'example: Statement[0]'],
    ['an Id that is no text', { Id: 1, Statement: [] }, 'example: Id'],
    ['a key twice', '{"Statement":[],"Statement":[]}', 'the key "Statement" only once'],
    ['a key twice, escaped', '{"Statement":[],"\\u0053tatement":[]}', 'the key "Statement" only once'],
    ['__proto__ in the document', '{"Statement":[],"__proto__":{"x":1}}', 'document.__proto__'],
    [
      '__proto__ as operator',
      '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"__proto__":{"a:b":"c"}}}]}',
      'Statement[0].Condition.__proto__: expected a known condition operator',
    ],
    [
      '__proto__ as condition key',
      '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"__proto__":"c"}}}]}',
      'Statement[0].Condition.StringEquals.__proto__: expected a condition key',
    ],
  ])('%s', (_, source, message) => {
    expect(refusal(() => parsePolicy(source as string, 'example', 'identity'))).toContain(message);
  });

  it.each<[string, PolicyKind, object, string]>([
    ['an unknown element', 'identity', { ...IDENTITY, Conditions: {} }, 'Statement[0].Conditions'],
    ['an unknown effect', 'identity', { ...IDENTITY, Effect: 'allow' }, 'Statement[0].Effect'],
    ['a Sid that is no text', 'identity', { ...IDENTITY, Sid: 1 }, 'Statement[0].Sid'],
    ['Action and NotAction', 'identity', { ...IDENTITY, NotAction: 's3:*' }, 'either Action or NotAction'],
    ['no action', 'identity', { Effect: 'Allow', Resource: '*' }, 'either Action or NotAction'],
    ['an empty list of actions', 'identity', { ...IDENTITY, Action: [] }, 'Statement[0].Action'],
    ['an action without service', 'identity', { ...IDENTITY, Action: 'GetRole' }, 'Statement[0].Action'],
    ['a wildcard as service', 'identity', { ...IDENTITY, Action: '*:Get*' }, 'Statement[0].Action'],
    ['an action that is no text', 'identity', { ...IDENTITY, Action: { a: 1 } }, 'Statement[0].Action'],
    ['no resource', 'identity', { Effect: 'Allow', Action: '*' }, 'either Resource or NotResource'],
    ['both resources', 'boundary', { ...IDENTITY, NotResource: '*' }, 'either Resource or NotResource'],
    ['a resource that is no ARN', 'session', { ...IDENTITY, Resource: 'jobs' }, 'Statement[0].Resource'],
    ['a wildcard for the service', 'identity', { ...IDENTITY, Resource: 'arn:aws:s*:::x' }, '[0].Resource'],
    ['a principal', 'identity', { ...IDENTITY, Principal: '*' }, 'no Principal in a policy of kind identity'],
    ['a principal', 'session', { ...IDENTITY, Principal: '*' }, 'no Principal in a policy of kind session'],
    ['no principal', 'resource', IDENTITY, 'either Principal or NotPrincipal'],
    ['no principal', 'trust', { Effect: 'Allow', Action: '*' }, 'either Principal or NotPrincipal'],
    ['no resource', 'resource', { ...TRUST }, 'either Resource or NotResource'],
    ['a resource', 'trust', { ...TRUST, Resource: '*' }, 'no Resource in a policy of kind trust'],
    ['NotPrincipal', 'trust', { Effect: 'Deny', Action: '*', NotPrincipal: '*' }, '[0].NotPrincipal'],
    ['Allow with NotPrincipal', 'resource', { ...IDENTITY, NotPrincipal: '*' }, '[0].NotPrincipal'],
    ['a principal that is text', 'trust', { ...TRUST, Principal: ROLE }, 'Statement[0].Principal'],
    ['no principal type', 'trust', { ...TRUST, Principal: {} }, 'Statement[0].Principal'],
    ['another principal type', 'resource', { ...RESOURCE, Principal: { CanonicalUser: 'x' } }, '.Principal'],
    ['an empty list', 'trust', { ...TRUST, Principal: { AWS: [] } }, 'Principal.AWS'],
    ['half an account id', 'trust', { ...TRUST, Principal: { AWS: '1234' } }, 'Principal.AWS'],
    ['a wildcard in a role', 'trust', { ...TRUST, Principal: { AWS: `${ROLE}*` } }, 'Principal.AWS'],
    ['any service', 'trust', { ...TRUST, Principal: { Service: '*' } }, 'Principal.Service'],
    ['any provider', 'trust', { ...TRUST, Principal: { Federated: '*' } }, 'Principal.Federated'],
  ])('%s in a policy of kind %s', (_, kind, statement, message) => {
    expect(refusal(() => read(statement, kind))).toContain(message);
  });

  it.each<[string, object]>([
    ['an unknown operator', { StringEqual: { 'a:b': 'c' } }],
    ['an operator in another case', { stringEquals: { 'a:b': 'c' } }],
    ['an unknown prefix', { 'ForSomeValues:StringEquals': { 'a:b': 'c' } }],
    ['Null with IfExists', { NullIfExists: { 'a:b': 'true' } }],
    ['Null with a set prefix', { 'ForAnyValue:Null': { 'a:b': 'true' } }],
    ['an operator without keys', { StringEquals: {} }],
    ['a key without a prefix', { StringEquals: { sub: 'c' } }],
    ['a key twice in other case', { StringEquals: { 'a:b': 'c', 'A:B': 'c' } }],
    ['no value', { StringEquals: { 'a:b': [] } }],
    ['a value that is an object', { StringEquals: { 'a:b': { Ref: 'x' } } }],
    ['a value that is null', { StringEquals: { 'a:b': null } }],
    ['text for a number', { NumericEquals: { 'a:b': 'ten' } }],
    ['a wildcard for a number', { NumericEquals: { 'a:b': '1*' } }],
    ['text for a date', { DateLessThan: { 'a:b': 'tomorrow' } }],
    ['a time without zone', { DateLessThan: { 'a:b': '2026-01-01T00:00:00' } }],
    ['text for a boolean', { Bool: { 'a:b': 'constructor' } }],
    ['text for Null', { Null: { 'a:b': 'yes' } }],
    ['a variable for a boolean', { Bool: { 'a:b': `\${aws:x}` } }],
    ['text for base64', { BinaryEquals: { 'a:b': 'not base64' } }],
    ['an address out of range', { IpAddress: { 'a:b': '203.0.113.256' } }],
    ['a prefix out of range', { IpAddress: { 'a:b': '203.0.113.0/33' } }],
    ['two double colons', { IpAddress: { 'a:b': '2001::1::2' } }],
    ['a double colon for no group', { IpAddress: { 'a:b': '1:2:3:4::5:6:7:8' } }],
    ['too few groups', { IpAddress: { 'a:b': '2001:db8:1' } }],
    ['too many groups', { IpAddress: { 'a:b': '1:2:3:4:5:6:7:8:9' } }],
    ['a short ARN', { ArnLike: { 'a:b': 'arn:aws:iam::*' } }],
    ['an unfinished variable', { StringEquals: { 'a:b': `x\${aws:username` } }],
    ['a variable without prefix', { StringEquals: { 'a:b': `\${username}` } }],
    ['an empty variable', { StringEquals: { 'a:b': `\${}` } }],
    ['a default without quotes', { StringLike: { 'a:b': `\${aws:x, y}` } }],
    ['a nested variable', { StringLike: { 'a:b': `\${aws:$\{aws:x}}` } }],
  ])('a condition with %s', (_, condition) => {
    expect(refusal(() => read({ ...IDENTITY, Condition: condition }))).toMatch(
      /^example: Statement\[0\]\.Condition\./,
    );
  });

  it('a variable before the sixth part of an ARN', () => {
    const resource = `arn:aws:s3:::$\{aws:username}`;
    expect(read({ ...IDENTITY, Resource: resource }).statements[0]?.resource).toEqual([resource]);
    const account = `arn:aws:sqs:us-east-1:$\{aws:PrincipalAccount}:jobs`;
    expect(refusal(() => read({ ...IDENTITY, Resource: account }))).toContain('Statement[0].Resource');
  });

  it('a variable is plain text before version 2012-10-17', () => {
    const condition = { StringEquals: { 'a:b': `\${username` } };
    expect(() => read({ ...IDENTITY, Condition: condition }, 'identity', '2008-10-17')).not.toThrow();
  });

  it('the second statement is called the second', () => {
    const document = { Statement: [IDENTITY, { ...DENY_ALL, Effect: 'No' }] };
    expect(refusal(() => parsePolicy(document, 'example', 'identity'))).toContain('Statement[1].Effect');
  });
});

describe('a hostile document', () => {
  it('longer than the bound is refused', () => {
    const long = { Statement: [{ ...IDENTITY, Resource: `arn:aws:s3:::${'x'.repeat(MAX_POLICY_LENGTH)}` }] };
    expect(refusal(() => parsePolicy(long, 'example', 'identity'))).toContain(`${MAX_POLICY_LENGTH}`);
  });

  it.each([MAX_POLICY_DEPTH + 1, 30_000])('nested %i levels deep is refused', (depth) => {
    const deep = '['.repeat(depth) + ']'.repeat(depth);
    expect(refusal(() => parsePolicy(deep, 'example', 'identity'))).toContain('levels');
  });

  it('that contains itself is refused', () => {
    const cyclic: Record<string, unknown> = { Version: '2012-10-17' };
    cyclic.Statement = [cyclic];
    expect(refusal(() => parsePolicy(cyclic, 'example', 'identity'))).toContain('expected JSON');
  });

  it('does not reach the error: neither message nor cause quotes it', () => {
    try {
      parsePolicy('{"secret-value": nonsense', 'example', 'identity');
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).not.toContain('secret-value');
      expect((error as Error).cause).toBeUndefined();
    }
  });
});

describe('a number', () => {
  const withValue = (operator: string, value: string) =>
    `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"${operator}":{"k:a":${value}}}}}`;

  it.each(['9007199254740993', '0.10000000000000000001', '1e999', '1e-400'])(
    'that loses digits when it is read is refused: %s',
    (value) => {
      expect(() => parsePolicy(withValue('NumericEquals', value), 'p', 'identity')).toThrowError(
        expect.objectContaining({
          name: 'PolicyNotUnderstood',
          message: expect.stringContaining('lose digits'),
        }),
      );
    },
  );

  it.each([
    ['DateGreaterThan', '"2026-02-30"', 'ISO 8601'],
    ['DateGreaterThan', '"2025-02-29T00:00:00Z"', 'ISO 8601'],
    ['DateGreaterThan', `"${'9'.repeat(40)}"`, 'ISO 8601'],
  ])('or a day that there is not is refused: %s %s', (operator, value, expected) => {
    expect(() => parsePolicy(withValue(operator, value), 'p', 'identity')).toThrowError(
      expect.objectContaining({ name: 'PolicyNotUnderstood', message: expect.stringContaining(expected) }),
    );
  });
});
