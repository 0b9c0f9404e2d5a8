import { describe, expect, it } from 'vitest';
import { connectionOf, trustingSubject } from '../../core/connection.ts';
import { roleArn, roleId } from '../../core/ids.ts';
import { MARK_KEY, pendingTags, readyTags, TAGS } from '../../core/tags.ts';
import {
  ACCOUNT,
  APP_ID,
  AUDIENCE,
  AUDIENCE_V2,
  ISSUER,
  ISSUER_V2,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER_ARN,
  PROVIDER_ARN_V2,
  policy,
  SERVICE_PRINCIPAL,
  statement,
} from '../fixtures/domain.ts';

const ID = roleId('AROAEXAMPLEROLE00001');
const ARN = roleArn(`arn:aws:iam::${ACCOUNT}:role/deploy`);
const READY: Record<string, string> = { [MARK_KEY]: ID, ...readyTags({ appId: APP_ID, audience: AUDIENCE }) };
const demands = (claims: Record<string, unknown>, arn = PROVIDER_ARN) =>
  statement({
    Principal: { Federated: arn },
    Condition: {
      StringEquals: Object.fromEntries(
        Object.entries(claims).map(([claim, value]) => [key(claim, arn), value]),
      ),
    },
  });
const SERVED = policy(demands({ aud: AUDIENCE, sub: SERVICE_PRINCIPAL }));

const role = (trustPolicy = SERVED, tags = READY) => ({ roleArn: ARN, roleId: ID, trustPolicy, tags });

describe('the connection to a role', () => {
  it('is in its tags and its trust policy', () => {
    expect(connectionOf(role())).toEqual({
      kind: 'ready',
      connection: {
        roleArn: ARN,
        clientId: APP_ID,
        audience: AUDIENCE,
        providerArn: PROVIDER_ARN,
        issuer: ISSUER,
        subject: 'pinned',
        subjects: [SERVICE_PRINCIPAL],
      },
    });
  });

  it('of version 2 tokens has the bare client id as audience', () => {
    const tags = { ...READY, ...readyTags({ appId: APP_ID, audience: AUDIENCE_V2 }) };
    const trust = policy(
      demands({ aud: AUDIENCE_V2, oaud: APP_ID, sub: SERVICE_PRINCIPAL }, PROVIDER_ARN_V2),
    );
    expect(connectionOf(role(trust, tags))).toMatchObject({
      connection: { audience: APP_ID, issuer: ISSUER_V2, subjects: [SERVICE_PRINCIPAL] },
    });
  });

  it('takes the provider as it is spelled there, among other statements and principals', () => {
    const bare = PROVIDER_ARN.slice(0, -1) as typeof PROVIDER_ARN;
    const trust = policy(
      statement({ Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole', Condition: {} }),
      statement({ Effect: 'Deny', Condition: { StringEquals: { [key('sub', bare)]: 'nobody' } } }),
      demands({ aud: [AUDIENCE], sub: MANAGED_IDENTITY }, bare),
    );
    expect(connectionOf(role(trust))).toMatchObject({
      connection: { providerArn: bare, subjects: [MANAGED_IDENTITY] },
    });
  });

  it('says that nobody is kept out where sub is not pinned any more', () => {
    expect(connectionOf(role(policy(demands({ aud: AUDIENCE }))))).toMatchObject({
      connection: { subject: 'open', subjects: [] },
    });
  });
});

describe('a role is not ready', () => {
  it.each<[string, ReturnType<typeof role>, object]>([
    ['that carries no tags', role(SERVED, {}), { status: 'none' }],
    ['whose application is being made', role(SERVED, pendingTags(ID)), { status: 'pending' }],
    [
      'that failed',
      role(SERVED, { [TAGS.status]: 'failed', [TAGS.detail]: 'ProviderFull: x' }),
      { status: 'failed', detail: 'ProviderFull: x' },
    ],
    [
      'that IaC has given the placeholder again',
      role(policy(demands({ aud: PLACEHOLDER }))),
      { status: 'ready', detail: expect.stringContaining(AUDIENCE) },
    ],
    [
      'that asks for more than its audience',
      role(policy(demands({ aud: [AUDIENCE, 'x'], sub: SERVICE_PRINCIPAL }))),
      { detail: expect.stringContaining(AUDIENCE) },
    ],
    [
      'whose audience stands in a Deny',
      role(policy({ ...demands({ aud: AUDIENCE }), Effect: 'Deny' })),
      { detail: expect.stringContaining(AUDIENCE) },
    ],
    [
      'that trusts the provider of another account',
      role(
        policy(
          demands({ aud: AUDIENCE }, PROVIDER_ARN.replace(ACCOUNT, '999999999999') as typeof PROVIDER_ARN),
        ),
      ),
      { detail: expect.stringContaining(AUDIENCE) },
    ],
    [
      'whose tags name the application of somebody else',
      role(SERVED, { ...READY, [TAGS.clientId]: MANAGED_IDENTITY }),
      { detail: expect.stringContaining('client id') },
    ],
    [
      'that lets nobody in',
      role(policy(demands({ aud: AUDIENCE }), statement({ Effect: 'Deny', Condition: {} }))),
      { detail: expect.stringContaining('nobody') },
    ],
  ])('%s', (_, given, expected) => {
    expect(connectionOf(given)).toMatchObject({
      kind: 'not-ready',
      remedy: expect.stringMatching(/\w/),
      ...expected,
    });
  });

  it('fails for a trust policy that cannot be read', () => {
    expect(() => connectionOf(role('%7B'))).toThrow(
      expect.objectContaining({ code: 'TrustPolicyUnreadable' }),
    );
  });
});

describe('a trust policy for another subject', () => {
  it('has it as only one where the audience is asked for, and everything else as it was', () => {
    const others = [
      statement({ Sid: 'Sentinel', Condition: { StringEquals: { [key('aud')]: 'api://sentinel' } } }),
      demands({ aud: AUDIENCE, sub: [SERVICE_PRINCIPAL] }),
    ];
    const given = role(policy(...others));
    const readiness = connectionOf(given);
    if (readiness.kind !== 'ready') throw new Error('The role is ready');
    const written = trustingSubject(given, readiness.connection, MANAGED_IDENTITY);
    expect(JSON.parse(written).Statement).toEqual([
      others[0],
      demands({ aud: AUDIENCE, sub: MANAGED_IDENTITY }),
    ]);
    expect(connectionOf({ ...given, trustPolicy: written })).toMatchObject({
      connection: { subject: 'pinned', subjects: [MANAGED_IDENTITY] },
    });
  });
});
