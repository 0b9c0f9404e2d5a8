import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forwardingPattern, INTAKE_PATTERN } from '../../core/event-patterns.ts';
import { firstUnmet } from '../../core/match-event.ts';
import { compileEventPattern } from '../../sandbox/aws/event-pattern.ts';
import { TENANT } from '../fixtures/domain.ts';
import { eventFixture, eventFixtureNames } from '../fixtures/events.ts';
import { mutatedFrom } from '../fuzz/mutate.ts';

const FORWARDING = forwardingPattern(TENANT);
const forwarded = (name: string) => firstUnmet(FORWARDING, eventFixture(name));

describe('the forwarding rule', () => {
  it.each(['create-role.console', 'create-role.microsoft-audience', 'delete-role.console'])(
    'passes %s on',
    (name) => {
      expect(forwarded(name)).toBeUndefined();
    },
  );

  it.each([
    ['create-role.error-code-with-suffix', 'detail.errorCode', 'no such field'],
    ['create-role.other-tenant', 'detail.requestParameters.assumeRolePolicyDocument', `*${TENANT}*`],
    ['update-assume-role-policy', 'detail.eventName', 'CreateRole or DeleteRole'],
    ['forged-source', 'source', 'aws.iam'],
    ['detail-not-an-object', 'detail.eventSource', 'iam.amazonaws.com'],
  ])('stops %s at %s', (name, field, expected) => {
    expect(forwarded(name)).toEqual({ field, expected });
  });
});

describe('what EventBridge matches', () => {
  const events = mutatedFrom(fc.constantFrom(...eventFixtureNames.map(eventFixture)));
  const inList = fc.oneof(
    events,
    events.map((event) => ({
      ...(event as object),
      detail: [(event as { detail?: unknown } | null)?.detail, {}],
    })),
  );

  it.each([
    ['the forwarding rule', FORWARDING],
    ['the intake rule', INTAKE_PATTERN],
    ['exists', { a: [{ exists: true }], b: { c: [{ exists: false }] } }],
  ])('is what has nothing unmet: %s', (_, pattern) => {
    const { matches } = compileEventPattern(JSON.stringify(pattern));
    const json = fc.oneof(inList, fc.jsonValue(), fc.dictionary(fc.constantFrom('a', 'b'), fc.jsonValue()));
    fc.assert(
      fc.property(json, (event) => {
        if (typeof event !== 'object' || event === null || Array.isArray(event)) return;
        const sent = JSON.parse(JSON.stringify(event)) as object;
        expect(firstUnmet(pattern, sent) === undefined).toBe(matches(sent));
      }),
      { numRuns: 500 },
    );
  });
});
