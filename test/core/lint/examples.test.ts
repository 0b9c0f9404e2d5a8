/** Policies with placeholders, ones that cannot be judged, and conditions on what surrounds a request. */
import { describe, expect, it } from 'vitest';
import { readDocument } from '../../../core/lint/cloudformation.ts';
import { EKS, GITHUB, linted, policy, rulesOf, statement, subject } from './policies.ts';

const STS = 'sts.amazonaws.com';
const key = (claim: string, path = GITHUB) => `${path}:${claim}`;

describe('an example', () => {
  it.each([
    ['in angle brackets', 'repo:<org>/<repo>:*', ['WI03']],
    ['of a shell', 'repo:$ORG/$REPO:*', ['WI03']],
    ['in braces', `repo:\${ORG}/\${REPO}:*`, ['WI03']],
  ])('with placeholders %s is judged as with names', (_, sub, rules) => {
    expect(rulesOf(linted(policy(subject(GITHUB, sub))))).toEqual(rules);
  });

  it.each([
    [
      'account',
      statement(
        GITHUB,
        { StringEquals: { aud: STS } },
        { Principal: { Federated: `arn:aws:iam::<account>:oidc-provider/${GITHUB}` } },
      ),
    ],
    [
      'account that is too long',
      statement(
        GITHUB,
        { StringEquals: { aud: STS } },
        { Principal: { Federated: `arn:aws:iam::0123456789:oidc-provider/${GITHUB}` } },
      ),
    ],
    [
      'whole provider',
      statement(GITHUB, { StringEquals: { aud: STS } }, { Principal: { Federated: `\${PROVIDER_ARN}` } }),
    ],
  ])('may leave out the %s', (_, element) => {
    expect(rulesOf(linted(policy(element)))).toEqual(['WI01']);
  });

  it('may leave out who issues, if subjects tell', () => {
    const path = '<OIDC PROVIDER>';
    const element = statement(
      'x',
      {},
      {
        Principal: { Federated: `arn:aws:iam::<account>:oidc-provider/${path}` },
        Condition: { StringLike: { [`${path}:sub`]: 'system:serviceaccount:shop:*', [`${path}:aud`]: STS } },
      },
    );
    expect(linted(policy(element)).findings).toMatchObject([{ rule: 'WI02', issuer: 'Kubernetes' }]);
  });

  it('names the same provider by the same placeholder', () => {
    const provider = { Federated: `\${PROVIDER}` };
    const allow = statement(GITHUB, { StringEquals: { aud: STS } }, { Principal: provider });
    const deny = statement(GITHUB, { StringLike: { sub: '*' } }, { Principal: provider, Effect: 'Deny' });
    expect(rulesOf(linted(policy(allow)))).toEqual(['WI01']);
    expect(rulesOf(linted(policy(allow, deny)))).toEqual([]);
  });

  it('cut out of a template keeps its intrinsics as unknown parts', () => {
    const sub = { 'Fn::Sub': `repo:\${Repo}:*` };
    const cut = statement(GITHUB, { StringEquals: { aud: STS }, StringLike: { sub } });
    const document = readDocument(policy({ ...cut, Principal: { Federated: { Ref: 'Provider' } } }));
    expect(linted(document)).toMatchObject({
      unresolved: ['Provider', 'Repo'],
      findings: [{ rule: 'WI03' }],
    });
  });

  it('is not taken for one where a variable is meant', () => {
    expect(rulesOf(linted(policy(subject(GITHUB, `repo:\${${GITHUB}:repository}:*`))))).toEqual(['WI13']);
  });
});

describe('what cannot be judged', () => {
  it.each([
    ['no policy', '[]', /object/],
    ['no statements', '{}', /Statement/],
    [
      'a Resource, which a trust policy must not have',
      policy({ ...subject(GITHUB, '*'), Resource: '*' }),
      /Resource/,
    ],
    ['an operator that is not known', policy(statement(GITHUB, { StringMatches: { sub: 'x' } })), /operator/],
  ])('is said: %s', (_, trustPolicy, reason) => {
    const result = linted(trustPolicy);
    expect(result.findings).toEqual([]);
    expect(result.unjudged).toMatch(reason);
  });

  it('is no matter for roles that no token enters', () => {
    const odd = policy({
      Effect: 'Allow',
      Principal: { CanonicalUser: 'x' },
      Action: 'sts:AssumeRole',
      Resource: '*',
    });
    expect(linted(odd)).toEqual({ name: 'role', findings: [], unresolved: [] });
  });
});

describe('surroundings', () => {
  const from = (sub: string, conditions: object) => {
    const element = subject(EKS, sub);
    return policy({
      ...element,
      Condition: { ...(element.Condition as object), ...conditions },
    });
  };

  it.each([
    [
      'a session name, which the caller chooses',
      { StringLike: { 'sts:RoleSessionName': 'job-*' } },
      ['WI02'],
    ],
    ['a time', { DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } }, ['WI02']],
    ['a network, which neighbours share', { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }, ['WI02']],
    ['an identity that the issuer sets', { StringEquals: { 'sts:SourceIdentity': 'dana' } }, []],
  ])('count as the attacker can have them: %s', (_, conditions, rules) => {
    const { StringLike = {}, ...others } = conditions as { StringLike?: object };
    const trustPolicy = from('system:serviceaccount:shop:cart', {
      ...others,
      StringLike: { [key('sub', EKS)]: 'system:serviceaccount:shop:*', ...StringLike },
      StringEquals: { [key('aud', EKS)]: STS, ...(others as { StringEquals?: object }).StringEquals },
    });
    expect(rulesOf(linted(trustPolicy))).toEqual(rules);
  });

  it('of a network keep strangers out', () => {
    const element = statement(GITHUB, { StringEquals: { aud: STS } });
    const walled = {
      ...element,
      Condition: { ...(element.Condition as object), IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
    };
    expect(linted(policy(walled)).findings.map(({ rule }) => rule)).not.toContain('WI01');
  });
});
