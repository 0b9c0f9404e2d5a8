/** IAM: the operations, their CloudTrail records, and what the sandbox sets up by itself. */
import {
  type Caller,
  type OperationHandler,
  type ServiceCall,
  type ServiceDefinition,
  ServiceError,
} from '../cloud.ts';
import type { AwsCloud } from './cloud.ts';
import { type CloudTrailRecord, iamRecord, type Outcome } from './cloudtrail.ts';
import { accountDetailOperations } from './iam/account-details.ts';
import { ADMINISTRATOR_ACCESS } from './iam/aws-policies.ts';
import { managedPolicyOperations } from './iam/managed-policies.ts';
import { oidcProviderOperations } from './iam/oidc-providers.ts';
import { outboundFederationOperations } from './iam/outbound-federation.ts';
import { policyOperations } from './iam/policies.ts';
import { policyVersionOperations } from './iam/policy-versions.ts';
import { roleOperations } from './iam/roles.ts';
import { type AccessKey, wholeSeconds } from './iam/store.ts';
import { addAccessKey, addUser, userOperations } from './iam/users.ts';

export interface Iam extends ServiceDefinition {
  readonly id: 'iam';
  /** A user with AdministratorAccess and an access key; no event is recorded. `caller` acts as that user. */
  createAdministrator(accountId: string, userName: string): { caller: Caller; credentials: AccessKey };
  /**
   * For services that are given a role to use: fails with AccessDenied unless the caller may pass it to them, and
   * with ValidationError unless it exists in the caller's account.
   */
  passRole(call: ServiceCall, roleArn: string, service: `${string}.amazonaws.com`): void;
}

/** `onCloudTrailRecord` gets a record of every write, failed ones too. Register the result with the cloud. */
export function createIam(
  cloud: AwsCloud,
  { onCloudTrailRecord }: { onCloudTrailRecord: (record: CloudTrailRecord) => void },
): Iam {
  const { iam, time } = cloud;

  /** Writes are recorded, whatever comes of them. */
  const recorded =
    (handler: OperationHandler): OperationHandler =>
    (input: object, call) => {
      const record = (outcome: Outcome) => onCloudTrailRecord(iamRecord(cloud, call, input, outcome));
      let output: unknown;
      try {
        output = handler(input, call);
      } catch (error) {
        if (error instanceof Error) record({ error });
        throw error;
      }
      record({ output });
      return output;
    };

  const operations = {
    ...roleOperations(cloud),
    ...accountDetailOperations(cloud),
    ...policyOperations(cloud),
    ...managedPolicyOperations(cloud),
    ...policyVersionOperations(cloud),
    ...userOperations(cloud),
    ...oidcProviderOperations(cloud),
    ...outboundFederationOperations(cloud),
  };
  return {
    id: 'iam',
    operations: Object.fromEntries(
      Object.entries(operations).map(([name, handler]) => [
        name,
        /^(Get|List)/.test(name) ? handler : recorded(handler),
      ]),
    ),
    createAdministrator(accountId, userName) {
      const createDate = wholeSeconds(time.now());
      const account = iam.accountOf(accountId);
      const user = addUser(account, { name: userName, path: '/', createDate, tags: new Map() });
      user.attached.add(ADMINISTRATOR_ACCESS.arn);
      return {
        caller: { principal: { type: 'aws', accountId, arn: user.arn }, accountId },
        credentials: addAccessKey(user, createDate),
      };
    },
    passRole(call, roleArn, service) {
      call.authorize({
        action: 'iam:PassRole',
        resource: roleArn,
        context: { 'iam:PassedToService': service },
      });
      if (iam.roleByArn(roleArn)?.accountId === call.caller.accountId) return;
      throw new ServiceError('ValidationException', `Role ${roleArn} does not exist in the account`);
    },
  };
}
