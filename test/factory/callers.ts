/** Clients under the roles of a deployed factory: what somebody who holds a function's credentials could do. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { inject } from 'vitest';
import { accountId } from '../../core/ids.ts';
import {
  type AnyFunctionName,
  type FunctionName,
  functionRoleArn,
  type GuardRolePurpose,
  type MemberRolePurpose,
  memberRoleArn,
} from '../../core/naming.ts';
import { readAssembly } from '../../sandbox/assembly.ts';
import { type DeployedStack, deployStack } from '../../sandbox/cloudformation/deploy-stack.ts';
import type { Sandbox } from '../../sandbox/start.ts';
import type { Factory } from './harness.ts';

const PREFIX = 'oidc-factory';

/** Credentials as the SDK's clients take them. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Every client that a test needs, of one caller. */
export const clientsOf = ({ awsOptions }: Pick<Factory, 'awsOptions'>, credentials: Keys) => ({
  iam: new IAMClient({ ...awsOptions, credentials }),
  sts: new STSClient({ ...awsOptions, credentials }),
  events: new EventBridgeClient({ ...awsOptions, credentials }),
  // A refused request is the answer here, not a reason to ask again.
  sqs: new SQSClient({ ...awsOptions, credentials, maxAttempts: 1 }),
});

/** A session of a role as a service takes it. */
export function serviceSession({ aws }: Sandbox, roleArn: string, service: `${string}.amazonaws.com`): Keys {
  const session = aws.cloud.issueCredentials(
    aws.cloud.assumeRoleAsService(roleArn, service, 'by-hand'),
    3600,
  );
  const { accessKeyId, secretAccessKey, sessionToken = '' } = session;
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** As Lambda hands them to the function. */
export function functionKeys({ sandbox }: Factory, name: AnyFunctionName): Keys {
  const { partition, factoryAccountId } = sandbox.world;
  const roleArn = functionRoleArn(partition, accountId(factoryAccountId), PREFIX, name);
  return serviceSession(sandbox, roleArn, 'lambda.amazonaws.com');
}

/** As EventBridge has them when the member account's rule forwards. */
export const forwarderKeys = ({ sandbox }: Factory, memberAccountId: string): Keys =>
  serviceSession(sandbox, memberRole({ sandbox }, memberAccountId, 'forwarder'), 'events.amazonaws.com');

export const administratorKeys = ({ sandbox }: Factory, ofAccount: string): Keys => {
  const { accessKeyId, secretAccessKey } = sandbox.administrator(ofAccount).credentials;
  return { accessKeyId, secretAccessKey };
};

export const memberRole = (
  { sandbox }: Pick<Factory, 'sandbox'>,
  ofAccount: string,
  purpose: MemberRolePurpose | GuardRolePurpose,
): string => memberRoleArn(sandbox.world.partition, accountId(ofAccount), PREFIX, purpose);

/** A session of a role, chained from these credentials. */
export async function assume(
  factory: Factory,
  from: Keys,
  roleArn: string,
  sessionPolicy?: string,
): Promise<Keys> {
  const { Credentials } = await clientsOf(factory, from).sts.send(
    new AssumeRoleCommand({
      RoleArn: roleArn,
      RoleSessionName: 'by-hand',
      ...(sessionPolicy !== undefined && { Policy: sessionPolicy }),
    }),
  );
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
}

export type MemberPurpose = Exclude<MemberRolePurpose, 'forwarder'>;

/** A function that uses the member role. */
const USER = {
  inspect: 'inspect-role',
  provider: 'add-audience',
  trust: 'assign-audience',
} as const satisfies Record<MemberPurpose, FunctionName>;

/** IAM in the member account, as the function that uses this member role has it. */
export async function memberIam(
  factory: Factory,
  purpose: MemberPurpose,
  sessionPolicy?: string,
): Promise<IAMClient> {
  const role = memberRole(factory, factory.member.accountId, purpose);
  const keys = await assume(factory, functionKeys(factory, USER[purpose]), role, sessionPolicy);
  return clientsOf(factory, keys).iam;
}

/** Gives one more account what every member account has. */
export async function deployMemberStack({ sandbox }: Factory, ofAccount: string): Promise<DeployedStack> {
  const { aws, world, administrator } = sandbox;
  const { stacks, assetFolder } = readAssembly(inject('assemblyDir'));
  const stack = stacks.find((candidate) => candidate.accountId === undefined);
  if (!stack) throw new Error('The assembly has no stack for member accounts');
  return deployStack({
    cloud: aws.cloud,
    logs: aws.logs,
    responses: aws.responses,
    stackName: stack.name,
    template: stack.template,
    accountId: ofAccount,
    region: world.region,
    as: administrator(ofAccount).caller,
    assetFolder,
  });
}

/** `allowed`, `denied`, or the error's name where IAM's answer is neither. */
export async function verdict(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'allowed';
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return /^AccessDenied/.test(error.name) ? 'denied' : error.name;
  }
}
