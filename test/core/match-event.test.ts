import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forwardingPattern, guardForwardingPattern } from '../../core/event-patterns.ts';
import { firstUnmet } from '../../core/match-event.ts';
import { compileEventPattern } from '../../sandbox/aws/event-pattern.ts';
import { SETTINGS, TENANT } from '../fixtures/domain.ts';
import { eventFixture, eventFixtureNames } from '../fixtures/events.ts';
import { mutatedFrom } from '../fuzz/mutate.ts';

const FORWARDING = forwardingPattern(SETTINGS);
const forwarded = (name: string) => firstUnmet(FORWARDING, eventFixture(name));

describe('the forwarding rule', () => {
  it.each([
    'create-role.console',
    'create-role.microsoft-audience',
    'create-role.inspect-member-role',
    'delete-role.console',
    'update-assume-role-policy',
    'tag-role.ignore',
    'tag-role.federated-credential',
    'untag-role.ignore',
    'remove-client-id',
    'remove-client-id.placeholder',
    'delete-provider',
    'tag-provider.heartbeat',
  ])('passes %s on', (name) => {
    expect(forwarded(name)).toBeUndefined();
  });

  it('is within what EventBridge takes, for a long prefix too', () => {
    const memberRolePrefix = 'p'.repeat(54);
    expect(JSON.stringify(forwardingPattern({ ...SETTINGS, memberRolePrefix })).length).toBeLessThan(4096);
  });

  it.each([
    ['create-role.error-code-with-suffix', 'detail.errorCode', 'no such field'],
    ['create-role.other-tenant', 'detail.requestParameters.assumeRolePolicyDocument', `*${TENANT}*`],
    ['create-role.trust-member-role', 'detail.requestParameters.assumeRolePolicyDocument', `*${TENANT}*`],
    ['update-assume-role-policy.other-tenant', 'detail.requestParameters.policyDocument', `*${TENANT}*`],
    [
      'update-assume-role-policy.by-the-factory',
      'detail.userIdentity.sessionContext.sessionIssuer.userName',
      'anything but oidc-factory-inspect, oidc-factory-provider, oidc-factory-trust or no such field',
    ],
    [
      'remove-client-id.by-the-factory',
      'detail.userIdentity.sessionContext.sessionIssuer.userName',
      'anything but oidc-factory-inspect, oidc-factory-provider, oidc-factory-trust or no such field',
    ],
    [
      'tag-role.other-key',
      'detail.requestParameters.tags.key',
      'oidc-factory:ignore or oidc-factory:federated-credential*',
    ],
    [
      'remove-client-id.other-provider',
      'detail.requestParameters.openIDConnectProviderArn',
      `*:oidc-provider/sts.windows.net/${TENANT} or *:oidc-provider/sts.windows.net/${TENANT}/`,
    ],
    ['tag-provider.other-key', 'detail.requestParameters.tags.key', 'oidc-factory:heartbeat'],
    [
      'create-user',
      'detail.eventName',
      [
        'CreateRole',
        'DeleteRole',
        'UpdateAssumeRolePolicy',
        'TagRole',
        'UntagRole',
        'RemoveClientIDFromOpenIDConnectProvider or DeleteOpenIDConnectProvider',
        'TagOpenIDConnectProvider',
      ].join(' or '),
    ],
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
    ["the guard's rule", guardForwardingPattern('oidc-factory')],
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
