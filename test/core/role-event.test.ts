import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRoleEvent } from '../../core/role-event.ts';
import { TENANT } from '../fixtures/domain.ts';
import { eventFixture, eventFixtureNames } from '../fixtures/events.ts';

const parsed = (name: string) => parseRoleEvent(eventFixture(name));

describe('a CreateRole event', () => {
  it('yields account, role, incarnation, time, creator and policy', () => {
    const { trustPolicy, ...event } = { trustPolicy: null, ...parsed('create-role.console') };
    expect(event).toEqual({
      kind: 'create-role',
      accountId: '111122223333',
      roleName: 'deploy',
      roleId: 'AROAEXAMPLEROLE00001',
      path: '/',
      eventId: '0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01',
      eventTime: '2026-03-02T09:15:27.000Z',
      createdBy: 'arn:aws:sts::111122223333:assumed-role/Developer/jane',
      replayName: null,
    });
    expect(JSON.parse(trustPolicy ?? '')).toMatchObject({ Version: '2012-10-17' });
  });

  it.each([
    ['create-role.bare-record', {}],
    ['create-role.request-parameters-null', {}],
    ['create-role.response-policy-plain', {}],
    ['create-role.response-absent', { roleId: null }],
    ['create-role.role-id-unknown-form', { roleId: null }],
    ['create-role.role-name-case-from-response', { roleName: 'Deploy' }],
    ['create-role.path', { path: '/ci/github/' }],
    ['create-role.event-time-with-offset', { eventTime: '2026-03-02T09:15:27.250Z' }],
    ['create-role.event-type-absent', {}],
    ['create-role.user-identity-absent', { createdBy: null }],
    ['create-role.replayed', { replayName: 'after-the-outage' }],
  ])('is understood as in %s', (name, expected) => {
    const event = parsed(name);
    expect(event).toMatchObject({ kind: 'create-role', accountId: '111122223333', ...expected });
    const text = event.kind === 'create-role' ? event.trustPolicy : null;
    expect(JSON.parse(text ?? '')).toHaveProperty('Statement');
  });

  it('keeps a policy that is not percent-encoded well as it is', () => {
    expect(parsed('create-role.response-policy-broken-encoding')).toMatchObject({
      kind: 'create-role',
      trustPolicy: `%7B%22Version%ZZ${TENANT}`,
    });
  });

  it('has no policy where neither request nor response has one', () => {
    expect(parsed('create-role.response-policy-absent')).toMatchObject({
      kind: 'create-role',
      trustPolicy: null,
    });
  });
});

describe('a DeleteRole event', () => {
  it.each([
    ['delete-role.console', null],
    ['delete-role.bare-record', null],
    ['delete-role.replayed', 'after-the-outage'],
  ])('yields account, name and time, as in %s', (name, replayName) => {
    expect(parsed(name)).toEqual({
      kind: 'delete-role',
      accountId: '111122223333',
      roleName: 'deploy',
      eventId: '0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01',
      eventTime: '2026-03-02T09:15:27.000Z',
      replayName,
    });
  });
});

describe('an event of a role or provider that was changed', () => {
  const about = {
    accountId: '111122223333',
    eventId: '0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01',
    eventTime: '2026-03-02T09:15:27.000Z',
    replayName: null,
  };
  const role = { ...about, roleName: 'deploy' };
  const path = `sts.windows.net/${TENANT}`;
  const provider = { ...about, providerArn: `arn:aws:iam::111122223333:oidc-provider/${path}/` };

  it.each([
    ['tag-role.ignore', { kind: 'role-tagged', ...role, keys: ['team', 'OIDC-Factory:ignore'] }],
    ['untag-role.ignore', { kind: 'role-tagged', ...role, keys: ['team', 'oidc-factory:ignore'] }],
    [
      'remove-client-id',
      { kind: 'audience-removed', ...provider, audience: 'api://a9900000-0000-4000-8000-000000000001' },
    ],
    [
      'delete-provider',
      { kind: 'provider-deleted', ...provider, providerArn: provider.providerArn.replace(/\/$/, '') },
    ],
    ['tag-provider.heartbeat', { kind: 'provider-tagged', ...provider, keys: ['oidc-factory:heartbeat'] }],
  ])('yields what it was about: %s', (name, expected) => {
    expect(parsed(name)).toEqual(expected);
  });

  it('has the new trust policy, which the request names otherwise than CreateRole', () => {
    const event = parsed('update-assume-role-policy');
    expect(event).toMatchObject({ kind: 'trust-changed', ...role });
    expect(JSON.parse((event.kind === 'trust-changed' && event.trustPolicy) || '')).toHaveProperty(
      'Statement',
    );
  });
});

describe('an event that is not for the factory', () => {
  it.each([
    ['create-role.error-code-with-suffix', 'failed-call'],
    ['create-role.error-code-without-suffix', 'failed-call'],
    ['create-role.failed-in-another-account', 'failed-call'],
    ['delete-role.no-such-entity', 'failed-call'],
    ['create-role.account-mismatch', 'account-mismatch'],
    ['delete-role.service-event', 'not-an-api-call'],
    ['create-user', 'not-a-role-event'],
    ['forged-source', 'not-iam'],
    ['other-service', 'not-iam'],
    ['detail-not-an-object', 'not-an-event'],
  ])('is ignored: %s', (name, reason) => {
    expect(parsed(name)).toMatchObject({ kind: 'ignored', reason, detail: expect.stringMatching(/\w/) });
  });

  it('still says whom it was about, where it can', () => {
    expect(parsed('create-role.error-code-with-suffix')).toMatchObject({
      accountId: '111122223333',
      roleName: 'deploy',
      eventId: '0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01',
    });
  });
});

describe('a successful event that lacks what every IAM event has', () => {
  it.each([
    ['create-role.recipient-account-absent', ['recipientAccountId']],
    ['create-role.event-id-absent', ['eventID']],
    ['create-role.name-absent', ['roleName']],
    ['create-role.event-time-without-zone', ['eventTime']],
    ['create-role.everything-absent', ['recipientAccountId', 'eventID', 'eventTime']],
    ['delete-role.name-invalid', ['roleName']],
    ['remove-client-id.provider-absent', ['openIDConnectProviderArn']],
  ])('is malformed: %s', (name, missing) => {
    expect(parsed(name)).toEqual({ kind: 'malformed', missing });
  });
});

describe('anything at all', () => {
  it('is read without throwing', () => {
    fc.assert(fc.property(fc.anything(), (input) => void parseRoleEvent(input)));
  });

  it('is read without throwing where any field of a real-shaped event holds something else', () => {
    const spoilt = fc
      .tuple(fc.constantFrom(...eventFixtureNames), fc.infiniteStream(fc.nat(9)), fc.anything())
      .map(([name, dice, junk]) => spoil(eventFixture(name), dice, junk));
    fc.assert(fc.property(spoilt, (input) => void parseRoleEvent(input)));
  });

  /** Walks down the fields as the dice say, and replaces or removes what it ends at. */
  function spoil(value: unknown, dice: Iterator<number>, junk: unknown): unknown {
    const roll = () => dice.next().value ?? 0;
    if (typeof value !== 'object' || value === null || roll() === 0) return junk;
    const entries = Object.entries(value);
    const at = (roll() * 10 + roll()) % Math.max(entries.length, 1);
    return Object.fromEntries(
      entries.flatMap(([name, inner], index): [string, unknown][] => {
        if (index !== at) return [[name, inner]];
        return roll() === 1 ? [] : [[name, spoil(inner, dice, junk)]];
      }),
    );
  }
});

describe('fields that are longer than what they are named for', () => {
  const altered = (name: string, change: (record: Record<string, unknown>) => Record<string, unknown>) => {
    const event = eventFixture(name) as { detail: Record<string, unknown> };
    return { ...event, detail: { ...event.detail, ...change(event.detail) } };
  };
  const long = 'x'.repeat(100_000);

  it.each([
    ['the name of the call', 'update-assume-role-policy', { eventName: long }],
    ['the code of its error', 'create-role.error-code-with-suffix', { errorCode: long }],
  ])('are cut where they are quoted: %s', (_, name, change) => {
    const event = parseRoleEvent(altered(name, () => change));
    expect(event).toMatchObject({ kind: 'ignored', detail: expect.stringMatching(/xxx$/) });
    expect(JSON.stringify(event).length).toBeLessThan(500);
  });

  it('count as absent: who created the role, its path, the name of the replay', () => {
    const event = altered('create-role.replayed', ({ responseElements }) => ({
      userIdentity: { arn: `arn:aws:iam::111122223333:user/${long}` },
      responseElements: { role: { ...(responseElements as { role: object }).role, path: `/${long}/` } },
    }));
    expect(parseRoleEvent({ ...event, 'replay-name': long })).toMatchObject({
      kind: 'create-role',
      createdBy: null,
      path: '/',
      replayName: null,
    });
  });

  it('make no time out of a day that the calendar does not have', () => {
    expect(
      parseRoleEvent(altered('delete-role.console', () => ({ eventTime: '2026-02-30T09:15:27Z' }))),
    ).toEqual({
      kind: 'malformed',
      missing: ['eventTime'],
    });
  });
});
