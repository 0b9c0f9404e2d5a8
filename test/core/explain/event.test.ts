import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideDispatch, type KnownIncarnation } from '../../../core/dispatch.ts';
import { explainEvent } from '../../../core/explain/event.ts';
import { parseRoleEvent } from '../../../core/role-event.ts';
import { aud, withAudience } from '../../fixtures/consent.ts';
import { ENTRY, PLACEHOLDER, PROVIDER_ARN, policyWith, SETTINGS, TENANT } from '../../fixtures/domain.ts';
import { eventFixture } from '../../fixtures/events.ts';
import { mutatedFrom } from '../../fuzz/mutate.ts';
import { events } from '../../fuzz/seeds.ts';

const explain = (name: string, incarnations?: readonly KnownIncarnation[]) =>
  explainEvent(eventFixture(name), SETTINGS, incarnations);
const step = (event: ReturnType<typeof explainEvent>, name: string) =>
  event.steps.find((each) => each.step === name);

const CREATE_STEPS = ['register-application', 'add-audience', 'verify-application', 'assign-audience'];

/** A record of the creation of a role with this trust policy. */
const created = (trustPolicy: string | null): object => {
  const record = structuredClone(eventFixture('create-role.bare-record')) as {
    requestParameters: Record<string, unknown>;
    responseElements: { role: Record<string, unknown> };
  };
  record.requestParameters.assumeRolePolicyDocument = trustPolicy;
  record.responseElements.role.assumeRolePolicyDocument = null;
  return record;
};

describe('the decision', () => {
  const ledgers: readonly (readonly [string, readonly KnownIncarnation[]])[] = [
    ['nothing', []],
    ['the role', [ENTRY]],
    ['a removed role', [{ ...ENTRY, phase: 'removed' }]],
  ];

  describe.each(ledgers)('is the dispatcher’s where the ledger holds %s', (_, incarnations) => {
    const agree = (input: unknown) => {
      const event = parseRoleEvent(input);
      const explained = explainEvent(input, SETTINGS, incarnations);
      if (event.kind === 'malformed') {
        expect(explained).toMatchObject({ decision: 'malformed', reason: 'missing-fields' });
        return;
      }
      const { decision, reason } = decideDispatch(event, SETTINGS, incarnations);
      const { accountId, eventId } = event;
      const roleName = 'roleName' in event ? event.roleName : null;
      expect(explained).toMatchObject({ decision, reason, accountId, roleName, eventId });
    };

    it(`about ${events.length} records`, () => {
      for (const event of events) agree(event);
    });

    it('about whatever becomes of them', () => {
      fc.assert(fc.property(mutatedFrom(fc.constantFrom(...events)), agree), { numRuns: 300 });
    });
  });

  it('about a DeleteRole is conditional where the ledger is not known', () => {
    expect(explain('delete-role.console')).toMatchObject({
      decision: 'delete',
      reason: 'if-role-known',
      roleName: 'deploy',
    });
    expect(explain('remove-client-id')).toMatchObject({ decision: 'create', reason: 'if-role-known' });
    expect(explain('remove-client-id', [])).toMatchObject({ decision: 'ignore', reason: 'unknown-audience' });
    expect(explain('delete-role.name-invalid')).toMatchObject({ decision: 'malformed' });
  });
});

describe('the steps', () => {
  it('are those of the whole run where a placeholder asks for it', () => {
    const explained = explainEvent(created(withAudience(PLACEHOLDER)), SETTINGS);
    expect(explained.forwarded).toBe(true);
    expect(explained.steps.map((each) => `${each.step} ${each.outcome}`)).toEqual([
      'forwarding-rule passes',
      'dispatch-role-event create',
      'inspect-role proceed',
      'register-application run',
      'add-audience run',
      'verify-application run',
      'assign-audience run',
    ]);
    expect(step(explained, 'dispatch-role-event')?.executions).toEqual([explained.eventId]);
  });

  it('say what cannot be seen in the event', () => {
    const assumed = (audience: string) =>
      step(explainEvent(created(withAudience(audience)), SETTINGS), 'inspect-role')?.assumes;
    const always = [
      'the role exists, its trust policy as in the event',
      'it does not carry the tag oidc-factory:ignore',
      `${PROVIDER_ARN} exists, with room for an audience`,
    ];
    expect(assumed(PLACEHOLDER)).toEqual(always);
    expect(assumed('fill-me-in')).toEqual([
      ...always,
      'the bare word in the place of the audience is not on its list',
    ]);
  });

  it.each([
    [
      'an audience of its own',
      withAudience('api://theirs'),
      'skip',
      /^audience-not-placeholder: .*api:\/\/theirs/,
    ],
    ['no audience', policyWith({ StringEquals: { [`${aud}x`]: 'x' } }), 'skip', /^no-audience-condition/],
    [
      'no operator to pin sub with',
      policyWith({
        StringEquals: { [aud]: PLACEHOLDER, [aud.replace('aud', 'sub')]: '*' },
        StringEqualsIgnoreCase: { [aud.replace('aud', 'sub')]: '*' },
        StringLike: { [aud.replace('aud', 'sub')]: '*' },
      }),
      'fail',
      /^SubjectNotPinnable: /,
    ],
  ])('end with the inspection where the policy has %s', (_, trustPolicy, outcome, detail) => {
    const { steps, decision } = explainEvent(created(trustPolicy), SETTINGS);
    expect(decision).toBe('create');
    expect(steps.at(-1)).toMatchObject({
      step: 'inspect-role',
      outcome,
      detail: expect.stringMatching(detail),
    });
  });

  it('leave it to the role where the event holds no policy', () => {
    const explained = explainEvent(created(null), SETTINGS);
    expect(explained).toMatchObject({ decision: 'create', forwarded: false });
    expect(step(explained, 'inspect-role')).toMatchObject({ outcome: 'unknown' });
  });

  it('of a removal begin with the proof that the role is gone', () => {
    const explained = explain('delete-role.console', [ENTRY]);
    expect(explained.steps.map((each) => each.step)).toEqual([
      'forwarding-rule',
      'dispatch-role-event',
      'confirm-role-gone',
      'remove-audience',
      'delete-application',
    ]);
    expect(step(explained, 'dispatch-role-event')?.executions).toEqual([
      `${explained.eventId}-${ENTRY.roleId}`,
    ]);
  });

  it.each([
    ['create-role.inspect-member-role', 'enrol', ['enrol-account']],
    ['delete-provider', 'enrol', ['enrol-account']],
    ['tag-provider.heartbeat', 'heartbeat', []],
    ['tag-role.ignore', 'create', ['inspect-role', ...CREATE_STEPS]],
    ['update-assume-role-policy', 'create', ['inspect-role', ...CREATE_STEPS]],
    ['remove-client-id', 'create', []],
  ])('of %s are those of %s', (name, decision, steps) => {
    const explained = explain(name);
    expect(explained).toMatchObject({ decision, forwarded: true });
    expect(explained.steps.slice(2).map((each) => each.step)).toEqual(steps);
  });

  it('say which demand of the forwarding rule stops an event', () => {
    expect(step(explain('create-role.other-tenant'), 'forwarding-rule')).toEqual({
      step: 'forwarding-rule',
      outcome: 'stops',
      detail: `detail.requestParameters.assumeRolePolicyDocument: the rule wants *${TENANT}*`,
    });
  });

  it('give a bare record the envelope that its service has', () => {
    const record = eventFixture('create-role.bare-record') as object;
    expect(explainEvent(record, SETTINGS).forwarded).toBe(true);
    expect(explainEvent({ ...record, eventSource: 'sts.amazonaws.com' }, SETTINGS).steps[0]?.detail).toBe(
      'source: the rule wants aws.iam',
    );
    expect(explainEvent({ ...record, eventType: 'AwsServiceEvent' }, SETTINGS).steps[0]?.detail).toBe(
      'detail-type: the rule wants AWS API Call via CloudTrail',
    );
  });
});
