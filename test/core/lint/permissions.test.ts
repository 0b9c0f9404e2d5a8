import { describe, expect, it } from 'vitest';
import type { RoleFacts } from '../../../core/lint/role-facts.ts';
import { GITHUB, linted, policy, rulesOf, subject } from './policies.ts';

const GOOD = policy(subject(GITHUB, 'repo:acme@1001/api@2002:environment:prod'));
const aws = (name: string) => ({ name, arn: `arn:aws:iam::aws:policy/${name}` });
const inline = (...statements: object[]) => ({
  name: 'inline',
  document: JSON.stringify(policy(...statements)),
});
const allow = (Action: unknown, Resource: unknown = '*', rest: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...rest,
});
const BOUNDARY = { name: 'boundary', arn: 'arn:aws:iam::111122223333:policy/boundary' };

describe('what a role may do', () => {
  it.each<readonly [string, RoleFacts, readonly string[]]>([
    ['little', { policies: [inline(allow('s3:GetObject', 'arn:aws:s3:::bucket/*'))], boundary: null }, []],
    ['nothing known', {}, []],
    ['AdministratorAccess', { policies: [aws('AdministratorAccess')], boundary: null }, ['WR01', 'WR03']],
    [
      'AdministratorAccess in another partition',
      {
        policies: [{ name: 'a', arn: 'arn:aws-us-gov:iam::aws:policy/AdministratorAccess' }],
        boundary: null,
      },
      ['WR01', 'WR03'],
    ],
    [
      "somebody's policy of that name",
      {
        policies: [{ name: 'a', arn: 'arn:aws:iam::111122223333:policy/AdministratorAccess' }],
        boundary: null,
      },
      [],
    ],
    ['PowerUserAccess', { policies: [aws('PowerUserAccess')], boundary: null }, ['WR01', 'WR03']],
    ['IAMFullAccess', { policies: [aws('IAMFullAccess')], boundary: null }, ['WR01', 'WR03']],
    ['everything', { policies: [inline(allow('*'))], boundary: null }, ['WR01', 'WR03']],
    [
      'everything but some',
      { policies: [inline({ Effect: 'Allow', NotAction: 'aws-portal:*', Resource: '*' })], boundary: null },
      ['WR01', 'WR03'],
    ],
    ['all of IAM', { policies: [inline(allow('iam:*'))], boundary: null }, ['WR02', 'WR03']],
    ['passing any role', { policies: [inline(allow('iam:PassRole'))], boundary: null }, ['WR02', 'WR03']],
    [
      'passing one role',
      { policies: [inline(allow('iam:PassRole', 'arn:aws:iam::111122223333:role/app'))], boundary: null },
      [],
    ],
    [
      'changing any trust',
      { policies: [inline(allow('iam:UpdateAssumeRolePolicy'))], boundary: null },
      ['WR02', 'WR03'],
    ],
    ['assuming any role', { policies: [inline(allow('sts:AssumeRole'))], boundary: null }, ['WR02', 'WR03']],
    [
      'escalation behind a boundary that nobody can read',
      { policies: [inline(allow('iam:*'))], boundary: BOUNDARY },
      ['WR02'],
    ],
    [
      'escalation that the boundary forbids',
      {
        policies: [inline(allow('iam:*'))],
        boundary: { ...BOUNDARY, document: inline(allow('s3:*')).document },
      },
      [],
    ],
    [
      'escalation that a Deny forbids',
      {
        policies: [inline(allow('iam:*'), { Effect: 'Deny', Action: 'iam:*', Resource: '*' })],
        boundary: null,
      },
      [],
    ],
    ['escalation, the boundary not known', { policies: [inline(allow('iam:*'))] }, ['WR02']],
    ['an hour', { maxSessionSeconds: 3600 }, []],
    ['half a day', { maxSessionSeconds: 43_200 }, ['WR04']],
    [
      'a policy that cannot be read, beside one that can',
      { policies: [{ name: 'x', document: '{}' }, inline({ Effect: 'Maybe' }, allow('*'))], boundary: null },
      ['WR01', 'WR03'],
    ],
  ])('%s', (_, facts, rules) => {
    const result = linted(GOOD, facts);
    expect(result.unjudged).toBeUndefined();
    expect(rulesOf(result)).toEqual(rules);
  });

  it('is nothing to the linter where no token enters', () => {
    const service = policy({
      Effect: 'Allow',
      Principal: { Service: 'ec2.amazonaws.com' },
      Action: 'sts:AssumeRole',
    });
    expect(linted(service, { policies: [aws('AdministratorAccess')], boundary: null }).findings).toEqual([]);
  });
});

describe('a dangerous role', () => {
  const admin: RoleFacts = { policies: [aws('AdministratorAccess')], boundary: null };
  const severities = (sub: string) =>
    Object.fromEntries(
      linted(policy(subject(GITHUB, sub)), admin).findings.map(({ rule, severity }) => [rule, severity]),
    );

  it('is critical where strangers or neighbours get in', () => {
    expect(severities('*')).toMatchObject({ WI01: 'critical', WR01: 'critical' });
    expect(severities('repo:acme@1001/*')).toMatchObject({ WI02: 'high', WR01: 'critical' });
    expect(severities('repo:acme@1001/api@2002:environment:prod')).toMatchObject({ WR01: 'high' });
  });

  it('makes unreviewed code worse', () => {
    expect(severities('repo:acme@1001/api@2002:*')).toMatchObject({ WI03: 'high' });
  });
});
