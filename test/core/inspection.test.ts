import { describe, expect, it } from 'vitest';
import { MAX_CLIENT_IDS } from '../../core/consent.ts';
import { eventId, roleId, roleName } from '../../core/ids.ts';
import { decideInspection, type Inspection } from '../../core/inspection.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { FEDERATED_CREDENTIAL_KEY } from '../../core/tags.ts';
import {
  ACCOUNT,
  AUDIENCE,
  ENTRY,
  key,
  PLACEHOLDER,
  PROVIDER,
  PROVIDER_ARN,
  PROVIDER_ARN_V2,
  policy,
  policyWith,
  SERVICE_PRINCIPAL,
  SETTINGS,
  statement,
} from '../fixtures/domain.ts';

const CREATED = Date.parse('2026-03-02T09:15:27Z');
const iso = (seconds: number) => new Date(CREATED + seconds * 1000).toISOString();
const OTHER = roleId('AROAEXAMPLEROLE00002');

const ROLE = {
  roleName: roleName('deploy'),
  roleId: ENTRY.roleId,
  path: '/',
  createdAt: iso(0),
  trustPolicy: policy(statement()),
  tags: {},
};
const RUN = {
  accountId: ACCOUNT,
  roleName: ROLE.roleName,
  roleId: ROLE.roleId,
  eventId: eventId('0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01'),
  eventTime: iso(0),
  createdBy: null,
};

const inspect = (question: Partial<Inspection>) =>
  decideInspection({
    run: RUN,
    role: ROLE,
    provider: PROVIDER,
    entry: undefined,
    settings: SETTINGS,
    now: CREATED + 10_000,
    settleSeconds: 300,
    ...question,
  });
const withPolicy = (trustPolicy: string) => ({ role: { ...ROLE, trustPolicy } });

describe('a role that is not there', () => {
  it('has not settled while its event is young, and is gone then', () => {
    expect(inspect({ role: undefined })).toEqual({ kind: 'not-settled' });
    expect(inspect({ role: undefined, now: CREATED + 300_000 })).toEqual({ kind: 'role-gone' });
  });

  it('is gone where a later incarnation has its name', () => {
    expect(inspect({ role: { ...ROLE, roleId: OTHER, createdAt: iso(1) } })).toEqual({ kind: 'role-gone' });
  });

  it('has not settled where the other incarnation may be an earlier one', () => {
    const role = { ...ROLE, roleId: OTHER, createdAt: iso(-60) };
    expect(inspect({ role })).toEqual({ kind: 'not-settled' });
    expect(inspect({ role, now: CREATED + 300_000 })).toEqual({ kind: 'role-gone' });
  });

  it('is whichever incarnation exists, where the event carried no id', () => {
    const run = { ...RUN, roleId: null };
    expect(inspect({ run, role: { ...ROLE, roleId: OTHER } })).toMatchObject({ kind: 'proceed' });
  });
});

describe('a role that consents', () => {
  it('is served', () => {
    expect(inspect({})).toEqual({ kind: 'proceed', reason: 'placeholder' });
  });

  it.each(['creating', 'failed', 'unreachable'] as const)('is resumed where its entry is %s', (phase) => {
    expect(inspect({ entry: { ...ENTRY, phase } })).toEqual({ kind: 'proceed', reason: 'placeholder' });
  });

  it('is left to its removal where that is under way', () => {
    expect(inspect({ entry: { ...ENTRY, phase: 'removing' } })).toMatchObject({
      kind: 'skip',
      reason: 'being-removed',
    });
  });

  it('is served anew where its entry says removed', () => {
    const entry = { ...ENTRY, phase: 'removed' as const };
    expect(inspect({ entry })).toEqual({ kind: 'proceed', reason: 'placeholder' });
    expect(
      inspect({ entry, ...withPolicy(policyWith({ StringEquals: { [key('aud')]: AUDIENCE } })) }),
    ).toMatchObject({ kind: 'skip', reason: 'audience-not-placeholder' });
  });
});

describe('a role that does not consent', () => {
  it.each([
    [
      'its audience is its own choice',
      policyWith({ StringEquals: { [key('aud')]: 'api://x' } }),
      ['api://x'],
    ],
    [
      'it is for others',
      policy(statement({ Principal: { Federated: 'cognito-identity.amazonaws.com' } })),
      undefined,
    ],
  ])('is skipped, with the reason of that: %s', (_, trustPolicy, foreignAudiences) => {
    expect(inspect(withPolicy(trustPolicy))).toEqual({
      kind: 'skip',
      reason: expect.stringMatching(/^(audience-not-placeholder|not-tenant-provider)$/),
      detail: expect.stringMatching(/\w/),
      ...(foreignAudiences && { foreignAudiences }),
    });
  });

  it('is skipped where its policy cannot be read', () => {
    expect(inspect(withPolicy('{'))).toMatchObject({ kind: 'skip', reason: 'trust-policy-unreadable' });
  });
});

describe('a role that is done', () => {
  const done = policyWith({ StringEquals: { [key('aud')]: AUDIENCE, [key('sub')]: SERVICE_PRINCIPAL } });
  const listed = { ...PROVIDER, clientIds: [PLACEHOLDER, AUDIENCE] };
  const finished = { ...withPolicy(done), entry: ENTRY, provider: listed };

  it('needs nothing', () => {
    expect(inspect(finished)).toEqual({ kind: 'ready' });
  });

  it.each<[string, Partial<Inspection>]>([
    ['its audience is not on the list', { provider: PROVIDER }],
    ['its pin is missing', withPolicy(policyWith({ StringEquals: { [key('aud')]: AUDIENCE } }))],
    ['its last run failed', { entry: { ...ENTRY, phase: 'failed' } }],
  ])('is mended where %s', (_, question) => {
    expect(inspect({ ...finished, ...question })).toMatchObject({ kind: 'proceed', reason: 'own-audience' });
  });

  it('is not full though the list of its provider is', () => {
    const clientIds = [...Array(MAX_CLIENT_IDS - 1).keys()].map((n) => `api://${n}`);
    const provider = { ...PROVIDER, clientIds: [...clientIds, AUDIENCE] };
    expect(inspect({ ...finished, provider })).toEqual({ kind: 'ready' });
  });
});

describe('a role whose tags let workloads in', () => {
  const WORKLOAD = { issuer: 'https://gitlab.com', subject: 'project_path:example/app' };
  const tags = { [FEDERATED_CREDENTIAL_KEY]: `${WORKLOAD.issuer} ${WORKLOAD.subject}` };
  const settings = {
    ...SETTINGS,
    federatedCredentials: [{ issuer: WORKLOAD.issuer, subjects: ['project_path:example/'] }],
  };
  const done = policyWith({ StringEquals: { [key('aud')]: AUDIENCE, [key('sub')]: SERVICE_PRINCIPAL } });
  const finished = { settings, provider: { ...PROVIDER, clientIds: [PLACEHOLDER, AUDIENCE] }, entry: ENTRY };
  const federatedCredentials = [WORKLOAD];

  it('is served with them', () => {
    expect(inspect({ settings, role: { ...ROLE, tags } })).toEqual({
      kind: 'proceed',
      reason: 'placeholder',
      federatedCredentials,
    });
  });

  it('is served again where they are others than recorded, and is done where they are the same', () => {
    const role = { ...ROLE, trustPolicy: done, tags };
    const entry = { ...ENTRY, federatedCredentials };
    expect(inspect({ ...finished, role })).toEqual({
      kind: 'proceed',
      reason: 'own-audience',
      federatedCredentials,
    });
    expect(inspect({ ...finished, entry, role })).toEqual({ kind: 'ready' });
    expect(inspect({ ...finished, entry, role: { ...role, tags: {} } })).toEqual({
      kind: 'proceed',
      reason: 'own-audience',
    });
  });

  it.each<[string, Partial<Inspection>]>([
    ['is new', { role: { ...ROLE, tags } }],
    ['is served already', { ...finished, role: { ...ROLE, trustPolicy: done, tags } }],
    ['has no provider either', { role: { ...ROLE, tags }, provider: undefined }],
  ])('fails where the config does not allow them and it %s', (_, question) => {
    expect(inspect({ ...question, settings: SETTINGS })).toEqual({
      kind: 'proceed',
      reason: expect.any(String),
      failWith: 'FederatedCredentialRefused',
    });
  });

  it('is left alone all the same where it does not consent', () => {
    const trustPolicy = policyWith({ StringEquals: { [key('aud')]: 'api://x' } });
    expect(inspect({ role: { ...ROLE, trustPolicy, tags } })).toMatchObject({ kind: 'skip' });
  });
});

describe('what is bound to fail', () => {
  const full = [...Array(MAX_CLIENT_IDS).keys()].map((n) => `api://${n}`);
  const noneFree = policyWith({
    StringEquals: { [key('aud')]: 'x', [key('sub')]: 'agent' },
    StringEqualsIgnoreCase: { [key('sub')]: 'agent' },
    StringLike: { [key('sub')]: 'a*' },
  });

  it.each<[string, Partial<Inspection>]>([
    ['ProviderMissing', { provider: undefined }],
    ['ProviderFull', { provider: { ...PROVIDER, clientIds: full } }],
    ['SubjectNotPinnable', withPolicy(noneFree)],
    ['TrustPolicyTooLong', withPolicy(policy(statement(), { Effect: 'Deny', Sid: 'x'.repeat(8192) }))],
    [
      'SeveralTenantProviders',
      withPolicy(policy(statement({ Principal: { Federated: [PROVIDER_ARN, PROVIDER_ARN_V2] } }))),
    ],
  ])('fails with %s before anything is made, recorded and shown on the role', (failWith, question) => {
    expect(inspect(question)).toEqual({ kind: 'proceed', reason: 'placeholder', failWith });
  });

  it('is a known role whose policy cannot be read any more', () => {
    const entry: LedgerEntry = { ...ENTRY, phase: 'ready' };
    expect(inspect({ ...withPolicy('{'), entry })).toEqual({
      kind: 'proceed',
      reason: 'own-audience',
      failWith: 'TrustPolicyUnreadable',
    });
  });

  it('has one place left with 99 audiences', () => {
    const provider = { ...PROVIDER, clientIds: full.slice(1) };
    expect(inspect({ provider })).toEqual({ kind: 'proceed', reason: 'placeholder' });
  });
});

describe('what others keep changing back', () => {
  const done = policyWith({ StringEquals: { [key('aud')]: AUDIENCE, [key('sub')]: SERVICE_PRINCIPAL } });
  const provider = { ...PROVIDER, clientIds: [PLACEHOLDER, AUDIENCE] };
  const lastAt = iso(0);
  const reverted = { provider, ...withPolicy(policy(statement())) };
  const fought = (count: number, more: Partial<LedgerEntry> = {}) => ({
    ...reverted,
    entry: { ...ENTRY, reverts: { count, lastAt }, ...more },
  });

  it('is put right twice, and counted', () => {
    expect(inspect({ ...reverted, entry: ENTRY })).toMatchObject({ kind: 'proceed', reverts: { count: 1 } });
    expect(inspect(fought(1))).toMatchObject({ reverts: { count: 2 } });
    expect(inspect(fought(1))).not.toHaveProperty('failWith');
  });

  it('fails then, also where the claim of that was made and its answer was lost', () => {
    expect(inspect(fought(2))).toMatchObject({ failWith: 'Contested', reverts: { count: 3 } });
    expect(inspect(fought(3, { phase: 'creating' }))).toMatchObject({
      failWith: 'Contested',
      reverts: { count: 3 },
    });
  });

  it('is not counted twice for one run', () => {
    expect(inspect(fought(2, { phase: 'creating' }))).toMatchObject({
      kind: 'proceed',
      reverts: { count: 2 },
    });
    expect(inspect(fought(2, { phase: 'creating' }))).not.toHaveProperty('failWith');
  });

  it('is left alone once the role says so, until a person says otherwise or the window is over', () => {
    const error = { code: 'Contested' as const, step: 'inspect-role' as const, at: lastAt };
    const marked = fought(3, { phase: 'failed', error });
    expect(inspect(marked)).toMatchObject({ kind: 'skip', reason: 'contested' });
    expect(inspect({ ...marked, run: { ...RUN, retry: true } })).toEqual({
      kind: 'proceed',
      reason: 'placeholder',
    });
    expect(inspect({ ...marked, now: CREATED + 31 * 86_400_000 })).toMatchObject({ kind: 'proceed' });
  });

  it('counts a lost application too, but no wish of the developer', () => {
    const finished = { provider, ...withPolicy(done), entry: ENTRY };
    expect(inspect({ ...finished, run: { ...RUN, recheck: true } })).toMatchObject({ reverts: { count: 1 } });
    const wishes = {
      ...finished,
      entry: { ...ENTRY, federatedCredentials: [{ issuer: 'https://x', subject: 'y' }] },
    };
    expect(inspect(wishes)).toEqual({ kind: 'proceed', reason: 'own-audience' });
  });
});
