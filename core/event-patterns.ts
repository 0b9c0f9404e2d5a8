/** Patterns of the rules on the way of a role event, in EventBridge's own form. */
import { GUARD_EVENTS } from './guard/request.ts';
import { providerPath } from './issuer.ts';
import type { EventPattern, Leaf } from './match-event.ts';
import {
  MEMBER_ROLE_USERS,
  type MemberRolePurpose,
  memberRoleName,
  WORKFLOW_NAMES,
  workflowName,
} from './naming.ts';
import type { FactorySettings } from './settings.ts';
import { FEDERATED_CREDENTIAL_KEY, HEARTBEAT_KEY, TAGS } from './tags.ts';

const ROLE_EVENTS = { source: ['aws.iam'], 'detail-type': ['AWS API Call via CloudTrail'] };

type RolePattern = typeof ROLE_EVENTS & { readonly detail: EventPattern };

/**
 * What leaves a member account: filtering at the edge is free. The same goes from the factory's bus to the dispatcher's
 * queue and into the archive, for the bus also carries what is for the guard alone.
 */
export const forwardingPattern = ({
  issuer,
  memberRolePrefix,
}: Pick<FactorySettings, 'issuer' | 'memberRolePrefix'>): RolePattern => {
  const namesTenant = [{ wildcard: `*${issuer.tenantId}*` }];
  const path = providerPath(issuer.url).replace(/\/$/, '');
  const tenantProvider = [{ suffix: `:oidc-provider/${path}` }, { suffix: `:oidc-provider/${path}/` }];
  const roleNames = (Object.keys(MEMBER_ROLE_USERS) as MemberRolePurpose[]).map((purpose) =>
    memberRoleName(memberRolePrefix, purpose),
  );
  return {
    ...ROLE_EVENTS,
    detail: {
      eventSource: ['iam.amazonaws.com'],
      errorCode: [{ exists: false }],
      $or: [
        { eventName: ['CreateRole'], requestParameters: { assumeRolePolicyDocument: namesTenant } },
        // Announces a new account. Its trust policy does not name the tenant.
        {
          eventName: ['CreateRole'],
          requestParameters: { roleName: [memberRoleName(memberRolePrefix, 'inspect')] },
        },
        // Carries nothing but a name: only the ledger knows whether it matters.
        { eventName: ['DeleteRole'] },
        ...[
          { eventName: ['UpdateAssumeRolePolicy'], requestParameters: { policyDocument: namesTenant } },
          { eventName: ['TagRole'], requestParameters: { tags: { key: INPUT_KEYS } } },
          { eventName: ['UntagRole'], requestParameters: { tagKeys: INPUT_KEYS } },
          {
            eventName: ['RemoveClientIDFromOpenIDConnectProvider', 'DeleteOpenIDConnectProvider'],
            requestParameters: { openIDConnectProviderArn: tenantProvider },
          },
        ].map((event) => ({ ...event, $or: notBy(roleNames) })),
        {
          eventName: ['TagOpenIDConnectProvider'],
          requestParameters: { openIDConnectProviderArn: tenantProvider, tags: { key: [HEARTBEAT_KEY] } },
          ...issuedBy([memberRoleName(memberRolePrefix, 'provider')]),
        },
      ],
    },
  };
};

const issuedBy = (userName: readonly Leaf[]) => ({
  userIdentity: { sessionContext: { sessionIssuer: { userName } } },
});

/** What the factory did itself is no news to it. Users have no session, and `anything-but` needs a value. */
const notBy = (roleNames: readonly string[]) => [
  issuedBy([{ 'anything-but': roleNames }]),
  issuedBy([{ exists: false }]),
];

/** IAM compares keys without regard to case. */
const INPUT_KEYS = [
  { 'equals-ignore-case': TAGS.ignore },
  { prefix: { 'equals-ignore-case': FEDERATED_CREDENTIAL_KEY } },
];

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
    $or: notBy([memberRoleName(prefix, 'contain')]),
  },
});

/** Every DeleteRole of the account is on its way to the factory's bus as it is. */
const FORWARDED_ALREADY = 'DeleteRole';

/** What goes from the factory's bus to the guard's queue. */
export const GUARD_INTAKE_PATTERN = { ...ROLE_EVENTS, detail: { eventName: GUARD_EVENTS } };

/** Runs of the factory's workflows that did not end well, as Step Functions announces them on the default bus. */
export const failedRunPattern = (prefix: string) => ({
  source: ['aws.states'],
  'detail-type': ['Step Functions Execution Status Change'],
  detail: {
    status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
    stateMachineArn: WORKFLOW_NAMES.map((workflow) => ({
      suffix: `:stateMachine:${workflowName(prefix, workflow)}`,
    })),
  },
});
