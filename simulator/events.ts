import type { AccountId, ProviderArn } from '../core/ids.ts';
import { HEARTBEAT_KEY } from '../core/tags.ts';
import type { RoleView } from '../lambdas/ports.ts';

/** An event as the factory's rule delivers it; those of an archive carry the name of their replay. */
export interface RoleEvent {
  readonly account: AccountId;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly 'replay-name'?: string;
  readonly [field: string]: unknown;
}

export interface RecordedCall {
  readonly accountId: AccountId;
  readonly eventName: 'CreateRole' | 'DeleteRole' | 'TagOpenIDConnectProvider';
  readonly requestParameters: object;
  readonly responseElements: object | null;
}

/** What CloudTrail makes of a call, in whole seconds. `ids`: for the envelope and the record. */
export function recordOf(
  { accountId, eventName, requestParameters, responseElements }: RecordedCall,
  now: number,
  ids: { readonly envelope: string; readonly event: string },
): RoleEvent {
  const eventTime = new Date(Math.floor(now / 1000) * 1000).toISOString();
  return {
    version: '0',
    id: ids.envelope,
    source: 'aws.iam',
    'detail-type': 'AWS API Call via CloudTrail',
    account: accountId,
    region: 'us-east-1',
    time: eventTime,
    detail: {
      eventSource: 'iam.amazonaws.com',
      eventName,
      eventTime,
      eventType: 'AwsApiCall',
      eventID: ids.event,
      recipientAccountId: accountId,
      userIdentity: { arn: `arn:aws:iam::${accountId}:user/developer` },
      requestParameters,
      responseElements,
    },
  };
}

export const createRoleCall = (accountId: AccountId, role: RoleView): RecordedCall => {
  const { roleName, roleId, roleArn: arn, path, trustPolicy } = role;
  return {
    accountId,
    eventName: 'CreateRole',
    requestParameters: { roleName, assumeRolePolicyDocument: trustPolicy },
    responseElements: { role: { roleName, roleId, arn, path } },
  };
};

/** The sweep's, which comes back as an event. */
export const heartbeatCall = (accountId: AccountId, openIDConnectProviderArn: ProviderArn): RecordedCall => ({
  accountId,
  eventName: 'TagOpenIDConnectProvider',
  requestParameters: { openIDConnectProviderArn, tags: [{ key: HEARTBEAT_KEY, value: '' }] },
  responseElements: null,
});

export const deleteRoleCall = (accountId: AccountId, roleName: string): RecordedCall => ({
  accountId,
  eventName: 'DeleteRole',
  requestParameters: { roleName },
  responseElements: null,
});
