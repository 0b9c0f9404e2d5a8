/** One role in the middle of each step: what every function is called with, and the world that it finds. */
import * as ids from '../core/ids.ts';
import type { LedgerEntry } from '../core/ledger-entry.ts';
import { type RoleFunctionName, uniqueName } from '../core/naming.ts';
import { MARK_KEY } from '../core/tags.ts';
import type { CreateRun, DeleteRun, RecordOutcomeInput, StepInput } from '../lambdas/workflow.ts';
import { createWorld } from '../sandbox/world.ts';

export const WORLD = createWorld({ members: 1 });
const ACCOUNT = ids.accountId(WORLD.memberAccountIds[0]);
export const PROVIDER_PATH = `sts.windows.net/${WORLD.tenantId}/`;
const ROLE_NAME = ids.roleName('nightly-export');
/** Of a role that is deleted: IAM does not know it. */
export const GONE = ids.roleName('former-export');
/** Long ago: nothing waits for anything to settle. */
const CREATED_AT = '2026-01-02T03:04:05Z';
const EVENT_ID = ids.eventId('0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01');
const EXECUTION = ids.executionArn(
  `arn:aws:states:${WORLD.region}:${WORLD.factoryAccountId}:execution:oidc-factory-create-role:${EVENT_ID}`,
);
const APPLICATION = {
  applicationObjectId: ids.appObjectId('dddddddd-0000-4000-8000-000000000001'),
  appId: ids.appId('dddddddd-0000-4000-8000-000000000002'),
  servicePrincipalId: ids.servicePrincipalId('dddddddd-0000-4000-8000-000000000003'),
};
const AUDIENCE = ids.audience(`api://${APPLICATION.appId}`);

const claimed = (roleName: ids.RoleName): LedgerEntry => ({
  accountId: ACCOUNT,
  roleName,
  roleId: ids.roleId('AROA00000000000000001'),
  roleArn: ids.roleArn(`arn:aws:iam::${ACCOUNT}:role/${roleName}`),
  roleCreatedAt: CREATED_AT,
  providerArn: ids.providerArn(`arn:aws:iam::${ACCOUNT}:oidc-provider/${PROVIDER_PATH}`),
  phase: 'creating',
  step: 'inspect-role',
  eventIds: [EVENT_ID],
  generation: 1,
  createdAt: CREATED_AT,
  updatedAt: CREATED_AT,
  owner: EXECUTION,
  leaseUntil: '2099-01-01T00:00:00Z',
  version: 1,
});
const CLAIMED = claimed(ROLE_NAME);
const REGISTERED: LedgerEntry = { ...CLAIMED, ...APPLICATION, applicationIntentAt: CREATED_AT };
const LISTED: LedgerEntry = { ...REGISTERED, audience: AUDIENCE };
const of = (phase: LedgerEntry['phase']): LedgerEntry => ({
  ...LISTED,
  ...claimed(GONE),
  ...APPLICATION,
  audience: AUDIENCE,
  applicationIntentAt: CREATED_AT,
  phase,
});
const { owner: _owner, leaseUntil: _lease, ...READY } = of('ready');
const REMOVING = of('removing');

/** What the ledger answers for the role that is gone: while its end is being proven, and afterwards. */
export const entryFor = (caller: RoleFunctionName): LedgerEntry =>
  caller === 'confirm-role-gone' ? { ...READY, readyAt: CREATED_AT } : REMOVING;

const CREATE_RUN: CreateRun = {
  accountId: ACCOUNT,
  roleName: ROLE_NAME,
  roleId: CLAIMED.roleId,
  eventId: EVENT_ID,
  eventTime: CREATED_AT,
  createdBy: null,
};
const DELETE_RUN: DeleteRun = {
  accountId: ACCOUNT,
  roleName: GONE,
  roleId: CLAIMED.roleId,
  eventId: EVENT_ID,
  deletedAt: '2026-02-03T04:05:06Z',
};
const stepOf = (entry: LedgerEntry): StepInput => ({ entry, execution: EXECUTION });
const OUTCOME: RecordOutcomeInput = {
  run: DELETE_RUN,
  execution: EXECUTION,
  removal: [{ step: 'remove-audience' }, { step: 'delete-application' }],
  entry: REMOVING,
};

const trustPolicy = (audience: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: CLAIMED.providerArn },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { [`${PROVIDER_PATH}:aud`]: audience } },
      },
    ],
  });
export const PLACEHOLDER = `api://${WORLD.tenantId}/oidc-factory-placeholder`;

const ROLE_EVENT = {
  version: '0',
  id: 'a3e5c7d9-0b1c-4d2e-8f30-415263748596',
  'detail-type': 'AWS API Call via CloudTrail',
  source: 'aws.iam',
  account: ACCOUNT,
  time: CREATED_AT,
  region: 'us-east-1',
  resources: [],
  detail: {
    eventVersion: '1.11',
    userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::${ACCOUNT}:user/jane`, accountId: ACCOUNT },
    eventTime: CREATED_AT,
    eventSource: 'iam.amazonaws.com',
    eventName: 'CreateRole',
    awsRegion: 'us-east-1',
    requestParameters: { roleName: ROLE_NAME, assumeRolePolicyDocument: trustPolicy(PLACEHOLDER) },
    responseElements: {
      role: {
        path: '/',
        roleName: ROLE_NAME,
        roleId: CLAIMED.roleId,
        arn: CLAIMED.roleArn,
        createDate: 'Jan 2, 2026 3:04:05 AM',
        assumeRolePolicyDocument: encodeURIComponent(trustPolicy(PLACEHOLDER)),
      },
    },
    eventID: EVENT_ID,
    eventType: 'AwsApiCall',
    recipientAccountId: ACCOUNT,
  },
};

/** Input of each function, on its path when all goes well. */
export const INPUTS: Readonly<Record<RoleFunctionName, object>> = {
  'dispatch-role-event': { Records: [{ messageId: 'm-1', body: JSON.stringify(ROLE_EVENT) }] },
  'inspect-role': { run: CREATE_RUN, execution: EXECUTION },
  'register-application': stepOf(CLAIMED),
  'add-audience': stepOf(REGISTERED),
  'verify-application': stepOf(LISTED),
  'assign-audience': stepOf(LISTED),
  'record-outcome': OUTCOME,
  'confirm-role-gone': { run: DELETE_RUN, execution: EXECUTION },
  'remove-audience': stepOf(REMOVING),
  'delete-application': stepOf(REMOVING),
};

/** The role as IAM shows it to a session of the trust role (marked) and to others (as it was created). */
export const roleFor = (isTrust: boolean) => ({
  roleName: ROLE_NAME,
  roleId: CLAIMED.roleId,
  roleArn: CLAIMED.roleArn,
  createdAt: CREATED_AT,
  trustPolicy: trustPolicy(PLACEHOLDER),
  tags: isTrust ? { [MARK_KEY]: CLAIMED.roleId } : {},
});

const OWNERS = [{ '@odata.type': '#microsoft.graph.servicePrincipal', id: WORLD.factoryServicePrincipalId }];

/** As Graph shows it once its identifier URI is set; `withUri` false: as it was just created. */
export const applicationView = (withUri: boolean) => ({
  id: APPLICATION.applicationObjectId,
  appId: APPLICATION.appId,
  uniqueName: uniqueName(CLAIMED),
  createdByAppId: WORLD.factoryAppId,
  signInAudience: 'AzureADMyOrg',
  identifierUris: withUri ? [AUDIENCE] : [],
  api: { requestedAccessTokenVersion: 1 },
  passwordCredentials: [],
  keyCredentials: [],
  owners: OWNERS,
});

export const PRINCIPAL_VIEW = {
  id: APPLICATION.servicePrincipalId,
  appId: APPLICATION.appId,
  accountEnabled: true,
  owners: OWNERS,
};
export { AUDIENCE };
