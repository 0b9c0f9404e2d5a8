import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GUARD_EVENTS,
  type GuardRequest,
  guardMessage,
  parseGuardMessage,
} from '../../../core/guard/request.ts';
import { providerArn, roleName } from '../../../core/ids.ts';
import { ACCOUNT } from '../../fixtures/domain.ts';
import { eventFixture } from '../../fixtures/events.ts';
import { GITHUB } from '../../fixtures/guard.ts';

const record = (eventName: string, requestParameters: object | null, more: object = {}) => ({
  eventVersion: '1.11',
  userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/Developer/jane' },
  eventTime: '2026-06-01T11:59:00Z',
  eventSource: 'iam.amazonaws.com',
  eventName,
  requestParameters,
  responseElements: null,
  eventType: 'AwsApiCall',
  recipientAccountId: ACCOUNT,
  ...more,
});
const event = (detail: object, more: object = {}) => ({
  source: 'aws.iam',
  'detail-type': 'AWS API Call via CloudTrail',
  account: ACCOUNT,
  detail,
  ...more,
});
const requestOf = (input: unknown) => {
  const parsed = parseGuardMessage(input);
  return parsed.kind === 'request' ? parsed.request : parsed;
};
const POLICY = `arn:aws:iam::${ACCOUNT}:policy/team/build`;

describe('an IAM event', () => {
  it.each(GUARD_EVENTS.filter((name) => name.includes('Role') && name !== 'CreateRole'))(
    '%s asks for a look at its role',
    (name) => {
      expect(requestOf(event(record(name, { roleName: 'deploy', policyArn: POLICY })))).toEqual({
        kind: 'check-role',
        accountId: ACCOUNT,
        roleName: 'deploy',
        eventTime: '2026-06-01T11:59:00.000Z',
      });
    },
  );

  it('CreateRole also tells who made it', () => {
    expect(requestOf(event(record('CreateRole', { roleName: 'deploy' })))).toMatchObject({
      kind: 'check-role',
      createdBy: 'arn:aws:sts::111122223333:assumed-role/Developer/jane',
    });
  });

  it.each([
    ['CreatePolicyVersion', { policyArn: POLICY, setAsDefault: true }],
    ['SetDefaultPolicyVersion', { policyArn: POLICY, versionId: 'v2' }],
  ])('%s asks for a look at every role that has the policy', (name, parameters) => {
    expect(requestOf(event(record(name, parameters)))).toEqual({
      kind: 'check-policy',
      accountId: ACCOUNT,
      policyArn: POLICY,
    });
  });

  it('a policy version that is not in force is ignored', () => {
    expect(requestOf(event(record('CreatePolicyVersion', { policyArn: POLICY })))).toMatchObject({
      kind: 'ignored',
    });
  });

  it.each([
    ['DeleteOpenIDConnectProvider', { openIDConnectProviderArn: GITHUB }, null],
    ['AddClientIDToOpenIDConnectProvider', { openIDConnectProviderArn: GITHUB, clientID: 'x' }, null],
    ['RemoveClientIDFromOpenIDConnectProvider', { openIDConnectProviderArn: GITHUB, clientID: 'x' }, null],
    ['CreateOpenIDConnectProvider', { url: 'https://x' }, { openIDConnectProviderArn: GITHUB }],
  ])('%s asks for a look at every role that trusts the provider', (name, request, responseElements) => {
    expect(requestOf(event(record(name, request, { responseElements })))).toEqual({
      kind: 'sweep',
      accountId: ACCOUNT,
      providerArn: GITHUB,
    });
  });

  it.each([
    [
      'a call that failed',
      event(record('CreateRole', { roleName: 'x' }, { errorCode: 'EntityAlreadyExists' })),
    ],
    ['another call', event(record('TagRole', { roleName: 'x' }))],
    ['another service', event({ ...record('CreateRole', {}), eventSource: 'sts.amazonaws.com' })],
    ['a source that anybody can write', event(record('CreateRole', { roleName: 'x' }), { source: 'my.iam' })],
    [
      'an envelope of another account',
      event(record('CreateRole', { roleName: 'x' }), { account: '999999999999' }),
    ],
  ])('%s is ignored', (_, input) => {
    expect(parseGuardMessage(input)).toMatchObject({ kind: 'ignored' });
  });

  it.each([
    ['CreateRole', null, ['roleName']],
    ['UpdateRole', { roleName: 'not a name' }, ['roleName']],
    ['SetDefaultPolicyVersion', { policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }, ['policyArn']],
    ['DeleteOpenIDConnectProvider', {}, ['openIDConnectProviderArn']],
  ])('%s without what it is about is malformed', (name, parameters, missing) => {
    expect(parseGuardMessage(event(record(name, parameters)))).toEqual({ kind: 'malformed', missing });
  });

  it('without time and account is malformed', () => {
    const detail = record('CreateRole', { roleName: 'x' }, { eventTime: undefined, recipientAccountId: 1 });
    expect(parseGuardMessage(detail)).toEqual({
      kind: 'malformed',
      missing: ['recipientAccountId', 'eventTime'],
    });
  });

  it.each(['create-role.console', 'delete-role.console', 'update-assume-role-policy'])(
    'as CloudTrail writes it is understood: %s',
    (name) => {
      expect(parseGuardMessage(eventFixture(name))).toMatchObject({ kind: 'request', accountId: ACCOUNT });
    },
  );
});

it('the clock asks for what is due', () => {
  const tick = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
  expect(parseGuardMessage(tick)).toEqual({ kind: 'request', request: { kind: 'tick' }, accountId: null });
});

describe("the guard's own messages", () => {
  it.each<GuardRequest>([
    { kind: 'check-role', accountId: ACCOUNT, roleName: roleName('deploy') },
    { kind: 'look-after', accountId: ACCOUNT },
    { kind: 'sweep', accountId: ACCOUNT },
    { kind: 'sweep', accountId: ACCOUNT, providerArn: providerArn(GITHUB), marker: 'next' },
  ])('are read as they were written: %j', (request) => {
    expect(requestOf(JSON.parse(guardMessage(request)))).toEqual(request);
  });

  it.each([
    { kind: 'check-role', accountId: ACCOUNT },
    { kind: 'look-after' },
    { kind: 'tidy', accountId: ACCOUNT },
  ])('that make no sense are malformed: %j', (guard) => {
    expect(parseGuardMessage({ guard })).toEqual({ kind: 'malformed', missing: ['guard'] });
  });
});

it('whatever stands in the queue, reading it does not fail', () => {
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...GUARD_EVENTS), (junk, name) => {
      for (const input of [junk, event(junk as object), event(record(name, junk as object)), { guard: junk }])
        expect(['request', 'ignored', 'malformed']).toContain(parseGuardMessage(input).kind);
    }),
  );
});
