/** Patterns of the rules on the way of a role event, in EventBridge's own form. */
import { GUARD_EVENTS } from './guard/request.ts';
import { memberRoleName } from './naming.ts';

const ROLE_EVENTS = { source: ['aws.iam'], 'detail-type': ['AWS API Call via CloudTrail'] };

/** What leaves a member account: filtering at the edge is free. */
export const forwardingPattern = (tenantId: string) => ({
  ...ROLE_EVENTS,
  detail: {
    eventSource: ['iam.amazonaws.com'],
    errorCode: [{ exists: false }],
    $or: [
      {
        eventName: ['CreateRole'],
        requestParameters: { assumeRolePolicyDocument: [{ wildcard: `*${tenantId}*` }] },
      },
      // Carries nothing but a name: only the ledger knows whether it matters.
      { eventName: ['DeleteRole'] },
    ],
  },
});

/** What goes from the factory's bus to the dispatcher's queue, and into the archive. */
export const INTAKE_PATTERN = { ...ROLE_EVENTS, detail: { eventName: ['CreateRole', 'DeleteRole'] } };

/**
 * What leaves a member account for the guard: whatever may change the judgement of a role. No filter on the content of
 * policies, which would miss escapes, case and `sts:*`.
 */
export const guardForwardingPattern = (prefix: string) => ({
  ...ROLE_EVENTS,
  detail: {
    eventSource: ['iam.amazonaws.com'],
    errorCode: [{ exists: false }],
    eventName: GUARD_EVENTS.filter((name) => name !== FORWARDED_ALREADY),
    // What the guard did itself is no news to it. Users have no session, and `anything-but` needs a value.
    $or: [issuedBy([{ 'anything-but': [memberRoleName(prefix, 'contain')] }]), issuedBy([{ exists: false }])],
  },
});

/** Every DeleteRole of the account is on its way to the factory's bus as it is. */
const FORWARDED_ALREADY = 'DeleteRole';

const issuedBy = (userName: readonly object[]) => ({
  userIdentity: { sessionContext: { sessionIssuer: { userName } } },
});

/** What goes from the factory's bus to the guard's queue. */
export const GUARD_INTAKE_PATTERN = { ...ROLE_EVENTS, detail: { eventName: GUARD_EVENTS } };
