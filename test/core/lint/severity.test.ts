import { describe, expect, it } from 'vitest';
import type { LintSettings } from '../../../core/lint/role-facts.ts';
import {
  arnOf,
  COGNITO,
  EKS,
  GITHUB,
  GITLAB,
  HCP,
  linted,
  policy,
  SETTINGS,
  statement,
  subject,
} from './policies.ts';
import { claims, github, PROD, STS, WORKSPACE } from './samples.ts';

const LISTED = (...ids: string[]) => ({ clientIds: new Map([[GITHUB, ids]]) });

describe('how bad it is that', () => {
  const severityOf = (trustPolicy: object, rule: string, settings: Partial<LintSettings> = {}) =>
    linted(trustPolicy, undefined, { ...SETTINGS, ...settings }).findings.find(
      (finding) => finding.rule === rule,
    )?.severity;
  const NO_AUDIENCE = policy(statement(GITHUB, { StringEquals: { sub: PROD } }));

  it.each([
    ['a stranger enters', github('*'), 'WI01', 'critical'],
    [
      "a stranger enters, on an issuer of one's own",
      policy(subject('gitlab.acme.example', '*')),
      'WI01',
      'medium',
    ],
    [
      'anyone in the cluster enters',
      policy(statement(EKS, { StringEquals: { aud: STS } })),
      'WI01',
      'medium',
    ],
    ['a neighbour enters', github('repo:acme/*'), 'WI02', 'high'],
    ['guests enter, unsaid', policy(statement(COGNITO, { StringEquals: { aud: 'pool' } })), 'WI02', 'medium'],
    [
      'guests enter, as said',
      policy(
        statement(COGNITO, {
          StringEquals: { aud: 'pool' },
          'ForAnyValue:StringLike': { amr: 'unauthenticated' },
        }),
      ),
      'WI02',
      'info',
    ],
    [
      'an optional claim may be missing',
      claims({ StringEquals: { sub: PROD }, StringEqualsIfExists: { enterprise_id: '7' } }),
      'WI06',
      'high',
    ],
    [
      'a claim may be missing that never is',
      claims({ StringEqualsIfExists: { sub: PROD } }),
      'WI06',
      'medium',
    ],
    ['a dead condition keeps all out', claims({ StringEquals: { event_name: 'push' } }), 'WI08', 'low'],
    [
      'a dead condition keeps nobody out',
      claims({ StringEquals: { sub: PROD }, StringEqualsIfExists: { event_name: 'push' } }),
      'WI08',
      'high',
    ],
    ['a name can be recycled', github('repo:acme/api:environment:prod'), 'WI14', 'medium'],
    [
      'a name can be recycled, and there is no lever',
      policy(subject(HCP, `${WORKSPACE}:run_phase:apply`)),
      'WI14',
      'info',
    ],
    ['anybody could create the names', github('repo:acme-1001/api-2002:environment:prod'), 'WI15', 'high'],
    ['GitHub writes no such form', github('repo:acme@1001/api:environment:prod'), 'WI15', 'low'],
  ])('%s', (_, trustPolicy, rule, severity) => {
    expect(severityOf(trustPolicy, rule)).toBe(severity);
  });

  it('no audience is demanded depends on what the provider accepts', () => {
    expect(severityOf(NO_AUDIENCE, 'WI07')).toBe('medium');
    expect(severityOf(NO_AUDIENCE, 'WI07', LISTED(STS))).toBe('low');
    expect(severityOf(NO_AUDIENCE, 'WI07', LISTED(STS, 'other'))).toBe('high');
    expect(severityOf(policy(statement(GITHUB)), 'WI07')).toBe('high');
  });

  it('several issuers share a statement is as bad as the worst of it', () => {
    const shared = { ...statement(GITHUB), Principal: { Federated: [arnOf(GITHUB), arnOf(GITLAB)] } };
    expect(severityOf(policy(shared), 'WI09')).toBe('critical');
  });
});

describe('a message', () => {
  const messageOf = (trustPolicy: object, rule: string) =>
    linted(trustPolicy).findings.find((finding) => finding.rule === rule)?.message;

  it.each([
    [
      github('repo:*'),
      'WI01',
      'Anyone with a GitHub account can get in: of sub no more is demanded than "repo:*".',
    ],
    [
      policy(statement(GITHUB)),
      'WI01',
      'Anyone with a GitHub account can get in: nothing is demanded of sub. IAM refuses to write such a policy since June 2025.',
    ],
    [
      policy(statement(COGNITO, { StringEquals: { aud: 'pool' } })),
      'WI02',
      'Guests (anyone who knows the id of the identity pool) can get in: nothing is demanded of amr.',
    ],
    [
      policy(statement('api.pulumi.com/oidc')),
      'WI01',
      'Anyone who gets a token of this issuer can get in: nothing is demanded of aud. IAM refuses to write such a policy since June 2025.',
    ],
    [
      policy(subject(HCP, `${WORKSPACE}:run_phase:apply`)),
      'WI14',
      'Whoever gets the same names after they were given up can get in: AWS sees no id in tokens of HCP Terraform, only names.',
    ],
  ])('says who and why: %j %s', (trustPolicy, rule, message) => {
    expect(messageOf(trustPolicy, rule)).toBe(message);
  });
});
