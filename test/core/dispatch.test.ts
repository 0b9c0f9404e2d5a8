import { describe, expect, it } from 'vitest';
import { decideDispatch, executionName, retryName } from '../../core/dispatch.ts';
import { eventId, roleId } from '../../core/ids.ts';
import { parseRoleEvent } from '../../core/role-event.ts';
import { ENTRY, SETTINGS } from '../fixtures/domain.ts';
import { eventFixture, eventFixtureNames } from '../fixtures/events.ts';

const EVENT = '0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01';
const event = (name: string) => parseRoleEvent(eventFixture(name));
const decide = (name: string, incarnations = [ENTRY], settings = SETTINGS) =>
  decideDispatch(event(name), settings, incarnations);

describe('a CreateRole event that names the provider of the tenant', () => {
  it('starts an execution named after the event, with ids and times but no policy', () => {
    expect(decide('create-role.console')).toEqual({
      decision: 'create',
      reason: 'tenant-provider-named',
      executions: [
        {
          executionName: EVENT,
          run: {
            accountId: '111122223333',
            roleName: 'deploy',
            roleId: 'AROAEXAMPLEROLE00001',
            eventId: EVENT,
            eventTime: '2026-03-02T09:15:27.000Z',
            createdBy: 'arn:aws:sts::111122223333:assumed-role/Developer/jane',
          },
        },
      ],
    });
  });

  it.each([
    'create-role.bare-record',
    'create-role.statement-object',
    'create-role.escaped-slashes',
    'create-role.response-absent',
    // Whether an audience is a placeholder depends on the provider's list, which only inspection sees.
    'create-role.microsoft-audience',
  ])('is inspected: %s', (name) => {
    expect(decide(name)).toMatchObject({ decision: 'create', reason: 'tenant-provider-named' });
  });

  it.each([
    'create-role.policy-not-json-but-names-tenant',
    'create-role.response-policy-broken-encoding',
    'create-role.response-policy-absent',
  ])('is left to inspection where the event does not settle it: %s', (name) => {
    expect(decide(name)).toMatchObject({ decision: 'create', reason: 'trust-policy-not-settled' });
  });

  it('gets another execution for each replay, and the same for each delivery', () => {
    const [original, replayed, again] = ['console', 'replayed', 'replayed'].map((name) => {
      const decision = decide(`create-role.${name}`);
      return decision.decision === 'create' ? decision.executions[0]?.executionName : '';
    });
    expect(replayed).toBe(again);
    expect(replayed).toMatch(new RegExp(`^${original}-[0-9a-f]{8}$`));
  });
});

describe('an event that is ignored', () => {
  it.each([
    ['create-role.service-principal', 'not-web-identity'],
    ['create-role.other-issuer', 'not-tenant-provider'],
    ['create-role.other-tenant', 'not-tenant-provider'],
    ['create-role.provider-of-another-account', 'not-tenant-provider'],
    ['create-role.by-a-service', 'protected'],
    ['create-role.policy-not-json', 'unreadable-trust-policy'],
    ['create-role.error-code-with-suffix', 'failed-call'],
    ['create-role.account-mismatch', 'account-mismatch'],
    ['create-user', 'not-a-role-event'],
    ['create-role.inspect-member-role-elsewhere', 'protected'],
    ['create-role.trust-member-role', 'protected'],
    ['update-assume-role-policy.other-tenant', 'not-tenant-provider'],
    ['tag-role.other-key', 'no-input-tag'],
    ['remove-client-id.other-provider', 'not-tenant-provider'],
    ['delete-provider.of-another-account', 'not-tenant-provider'],
    ['tag-provider.other-key', 'no-heartbeat'],
    ['other-service', 'not-iam'],
  ])('says why: %s', (name, reason) => {
    expect(decide(name)).toMatchObject({
      decision: 'ignore',
      reason,
      detail: expect.stringMatching(/\w/),
      accountId: name === 'create-role.account-mismatch' ? '444455556666' : '111122223333',
    });
  });

  it('is one about a role on the protected list, in any case', () => {
    const settings = { ...SETTINGS, protectedRoles: ['DEP*'] };
    expect(decide('create-role.console', [], settings)).toMatchObject({ reason: 'protected' });
  });
});

describe('an event of a role that was changed', () => {
  it.each([
    ['update-assume-role-policy', 'trust-policy-changed'],
    ['tag-role.ignore', 'input-tag-changed'],
    ['tag-role.federated-credential', 'input-tag-changed'],
    ['untag-role.ignore', 'input-tag-changed'],
  ])('has the role inspected as it is, whichever incarnation it was: %s', (name, reason) => {
    expect(decide(name)).toEqual({
      decision: 'create',
      reason,
      executions: [
        {
          executionName: EVENT,
          run: {
            accountId: '111122223333',
            roleName: 'deploy',
            roleId: null,
            eventId: EVENT,
            eventTime: '2026-03-02T09:15:27.000Z',
            createdBy: null,
          },
        },
      ],
    });
  });

  it.each(['update-assume-role-policy', 'tag-role.ignore'])('leaves a protected role alone: %s', (name) => {
    const settings = { ...SETTINGS, protectedRoles: ['deploy'] };
    expect(decide(name, [], settings)).toMatchObject({ decision: 'ignore', reason: 'protected' });
  });
});

describe('an event of the account or its provider', () => {
  it.each([
    ['create-role.inspect-member-role', 'member-role-created'],
    ['delete-provider', 'provider-deleted'],
    ['remove-client-id.placeholder', 'placeholder-removed'],
  ])('has the account enrolled, whoever asks: %s', (name, reason) => {
    expect(decide(name)).toEqual({
      decision: 'enrol',
      reason,
      executions: [{ executionName: EVENT, run: { accountId: '111122223333', eventId: EVENT } }],
    });
  });

  it('has every role inspected that the removed audience was made for', () => {
    const gone = { ...ENTRY, roleId: roleId('AROAEXAMPLEROLE00002'), phase: 'removed' as const };
    expect(decide('remove-client-id', [ENTRY, gone])).toMatchObject({
      decision: 'create',
      reason: 'audience-removed',
      executions: [
        {
          executionName: `${EVENT}-${ENTRY.roleId}`,
          run: { roleName: 'deploy', roleId: ENTRY.roleId, createdBy: null },
        },
      ],
    });
    expect(decide('remove-client-id', [gone])).toMatchObject({ reason: 'unknown-audience' });
  });

  it('shows that the way to the factory works', () => {
    expect(decide('tag-provider.heartbeat')).toEqual({
      decision: 'heartbeat',
      reason: 'provider-tagged',
      accountId: '111122223333',
      eventTime: '2026-03-02T09:15:27.000Z',
    });
  });
});

describe('a DeleteRole event', () => {
  const other = { ...ENTRY, roleId: roleId('AROAEXAMPLEROLE00002'), phase: 'failed' as const };

  it('starts one execution for each live incarnation of the name', () => {
    expect(decide('delete-role.console', [ENTRY, other])).toEqual({
      decision: 'delete',
      reason: 'role-known',
      executions: [ENTRY, other].map(({ roleId }) => ({
        executionName: `0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01-${roleId}`,
        run: {
          accountId: '111122223333',
          roleName: 'deploy',
          roleId,
          eventId: '0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01',
          deletedAt: '2026-03-02T09:15:27.000Z',
        },
      })),
    });
  });

  it.each([
    ['nothing', []],
    ['removed incarnations only', [{ ...ENTRY, phase: 'removed' as const }]],
  ])('is ignored where the ledger holds %s', (_, incarnations) => {
    expect(decide('delete-role.console', incarnations)).toMatchObject({
      decision: 'ignore',
      reason: 'unknown-role',
    });
  });

  it('is followed for a role that became protected after the factory had served it', () => {
    const settings = { ...SETTINGS, protectedRoles: ['deploy'] };
    expect(decide('delete-role.console', [ENTRY], settings)).toMatchObject({ decision: 'delete' });
    expect(decide('delete-role.console', [], settings)).toMatchObject({ reason: 'protected' });
  });
});

describe('a malformed event', () => {
  it('is an error that names the fields', () => {
    expect(() => decide('create-role.event-id-absent')).toThrowError(
      expect.objectContaining({ name: 'MalformedEvent', message: expect.stringContaining('eventID') }),
    );
  });
});

describe('every fixture', () => {
  it.each(eventFixtureNames)('gets a decision: %s', (name) => {
    const parsed = event(name);
    if (parsed.kind === 'malformed') return expect(() => decide(name)).toThrowError(/Missing/);
    expect(['create', 'delete', 'enrol', 'heartbeat', 'ignore']).toContain(decide(name).decision);
  });
});

describe('names of executions', () => {
  const id = eventId('0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01');

  it('count retries', () => {
    expect(retryName(executionName(id, null), 2)).toBe(`${id}-r2`);
  });

  it('stay within 80 characters of the alphabet, for the longest role id, replayed and retried', () => {
    const longest = roleId(`AROA${'Z'.repeat(124)}`);
    const name = retryName(executionName(id, 'a replay with any name /:*', longest), 50);
    expect(name).toMatch(/^[0-9A-Za-z_-]{1,80}$/);
    expect(executionName(id, null, longest)).not.toBe(
      executionName(id, null, roleId(`AROA${'Y'.repeat(124)}`)),
    );
  });
});
