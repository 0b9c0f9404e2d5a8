import { describe, expect, it } from 'vitest';
import { isAdministrator } from '../../core/administrator.ts';

const inline = (...statements: object[]) => ({
  name: 'inline',
  document: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
});
const allow = (more: object) => ({ Effect: 'Allow', Action: '*', Resource: '*', ...more });

describe('a policy makes an administrator', () => {
  it.each(['aws', 'aws-cn', 'aws-us-gov'])('as AdministratorAccess of the partition %s', (partition) => {
    const arn = `arn:${partition}:iam::aws:policy/AdministratorAccess`;
    expect(isAdministrator({ name: 'AdministratorAccess', arn })).toBe(true);
  });

  it.each<[string, object]>([
    ['every action on everything', allow({})],
    ['the same in lists', allow({ Action: ['s3:GetObject', '*'], Resource: ['arn:aws:s3:::x', '*'] })],
    ['both halves of the action as wildcards', allow({ Action: '*:*' })],
    ['everything but what one would miss', allow({ Action: undefined, NotAction: 'organizations:*' })],
    ['everything but one resource', allow({ Resource: undefined, NotResource: 'arn:aws:s3:::secret' })],
    ['everything under a condition', allow({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } })],
  ])('that allows %s', (_, statement) => {
    expect(isAdministrator(inline(statement))).toBe(true);
    expect(isAdministrator(inline({ Effect: 'Deny', Action: 's3:*', Resource: '*' }, statement))).toBe(true);
  });

  it('whose Statement is an object', () => {
    const document = JSON.stringify({ Statement: allow({}) });
    expect(isAdministrator({ name: 'inline', document })).toBe(true);
  });
});

describe('a policy makes no administrator', () => {
  it.each<[string, Parameters<typeof isAdministrator>[0]]>([
    ['of which only the name is known', { name: 'AdministratorAccess' }],
    [
      'of the account that bears the name',
      { name: 'AdministratorAccess', arn: 'arn:aws:iam::111122223333:policy/AdministratorAccess' },
    ],
    [
      'of AWS whose name only begins so',
      { name: 'x', arn: 'arn:aws:iam::aws:policy/AdministratorAccess-Amplify' },
    ],
    ['that denies everything', inline({ Effect: 'Deny', Action: '*', Resource: '*' })],
    ['of one service', inline(allow({ Action: 'iam:*' }))],
    [
      'of every service but IAM',
      inline(allow({ Action: undefined, NotAction: ['iam:*', 'organizations:*'] })),
    ],
    ['on one resource', inline(allow({ Resource: 'arn:aws:s3:::x/*' }))],
    ['with neither action', inline({ Effect: 'Allow', Resource: '*' })],
    ['that is no policy', { name: 'x', document: '[1]' }],
    ['that is no JSON', { name: 'x', document: '%7B' }],
    ['whose statements are none', { name: 'x', document: '{"Statement":["*",null]}' }],
  ])('%s', (_, policy) => {
    expect(isAdministrator(policy)).toBe(false);
  });
});
