/** A whole factory in a local cloud, for one test file; and what its tests say over and over. */
import { setTimeout as delay } from 'node:timers/promises';
import { CreateRoleCommand, type Tag } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, inject } from 'vitest';
import type { FunctionName, GUARD_FUNCTION } from '../../core/naming.ts';
import { type Clients, connect, type MemberClient, until } from '../../sandbox/clients.ts';
import type { RecordedCall } from '../../sandbox/recorder.ts';
import { type Sandbox, type StartOptions, startSandbox } from '../../sandbox/start.ts';
import { createWorld } from '../../sandbox/world.ts';
import { policyUses } from '../least-privilege/used-actions.ts';
import { functionOf } from './functions.ts';

export interface Factory extends Clients {
  readonly sandbox: Sandbox;
  /** The first member account. */
  readonly member: MemberClient;
}

type StartFactoryOptions = Pick<StartOptions, 'assemblyDir'> &
  Partial<Pick<StartOptions, 'onCloudTrailRecord' | 'onPolicyUse'>> & { readonly members?: number };

/** Starts a factory; whoever does closes its sandbox. */
export async function startFactory({ members = 1, ...options }: StartFactoryOptions): Promise<Factory> {
  const sandbox = await startSandbox({
    ...options,
    world: createWorld({ members }),
    port: 0,
    timeScale: 0.05,
  });
  const clients = connect(sandbox.ready);
  const [member] = clients.members;
  if (!member) throw new Error('There is no member account');
  return { ...clients, sandbox, member };
}

interface FactoryOptions extends Pick<StartOptions, 'onCloudTrailRecord'> {
  readonly members?: number;
  /** False where the tests act with the factory's own roles: that is no proof that a function needs a permission. */
  readonly showsNeed?: boolean;
  /** What to deploy; by default what a config without extras asks for. */
  readonly assemblyDir?: () => string;
}

/** Starts the factory before the tests of the file and closes it after them. */
export function useFactory({
  showsNeed = true,
  assemblyDir = () => inject('assemblyDir'),
  ...options
}: FactoryOptions = {}): () => Factory {
  let factory: Factory | undefined;
  const runDir = inject('runDir');
  const { onPolicyUse, report } = policyUses();
  beforeAll(async () => {
    factory = await startFactory({ ...options, onPolicyUse, assemblyDir: assemblyDir() });
  });
  afterAll(async () => {
    await factory?.sandbox.close();
    if (factory && showsNeed) report(runDir, factory.sandbox);
  });
  return () => {
    if (!factory) throw new Error('The factory is not running');
    return factory;
  };
}

/** The placeholder of the sandbox's tenant. */
export const placeholderOf = (factory: Factory): string =>
  `api://${factory.sandbox.world.tenantId}/oidc-factory-placeholder`;

/** A trust policy on the member's Entra provider; `claims` are StringEquals conditions by claim. */
export function trustOn(member: MemberClient, claims: Record<string, string | string[]>) {
  const path = member.providerArn.split('oidc-provider/')[1];
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: member.providerArn },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: Object.fromEntries(
            Object.entries(claims).map(([claim, values]) => [`${path}:${claim}`, values]),
          ),
        },
      },
    ],
  };
}

export async function createRole(
  member: MemberClient,
  roleName: string,
  trust: object,
  more: { Path?: string; Tags?: Tag[] } = {},
): Promise<void> {
  await member.iam.send(
    new CreateRoleCommand({ RoleName: roleName, AssumeRolePolicyDocument: JSON.stringify(trust), ...more }),
  );
}

/** The role once its status tag says `status`. */
export const roleWithStatus = (member: MemberClient, roleName: string, status: string) =>
  until(`status ${status} on ${roleName}`, async () => {
    const role = await member.role(roleName);
    return role.tags['oidc-factory:status'] === status ? role : undefined;
  });

/** The newest execution of a workflow for a role, once `count` of them have ended. */
export const ended = (factory: Factory, workflow: string, roleName: string, count = 1) =>
  until(`${count} ended ${workflow} executions of ${roleName}`, async () => {
    const executions = await factory.executions(workflow, roleName);
    const over = executions.filter(({ status }) => status !== 'RUNNING');
    return over.length >= count && over.length === executions.length ? executions[0] : undefined;
  });

/** Resolves when no call was served for a while, so that whatever was under way has come to rest or waits long. */
export async function quiet(factory: Factory, milliseconds = 1500): Promise<void> {
  let calls = -1;
  await until('quiet', async () => {
    const now = factory.sandbox.recorder.calls().filter(({ operation }) => !POLLS.has(operation)).length;
    if (now === calls) return true;
    calls = now;
    await delay(milliseconds);
    return undefined;
  });
}

const POLLS = new Set(['ReceiveMessage']);

/** What a function's log says of something, oldest first. */
export async function logged(
  factory: Factory,
  functionName: FunctionName | typeof GUARD_FUNCTION,
  containing: string,
): Promise<Record<string, unknown>[]> {
  const { aws, world, administrator } = factory.sandbox;
  const { caller } = administrator(world.factoryAccountId);
  const logGroupName = (await functionOf(factory, functionName)).LoggingConfig?.LogGroup;
  if (logGroupName === undefined) throw new Error(`${functionName} has no log group`);
  const lines = await aws.logs.filterLogEvents({ logGroupName, containing }, caller, world.region);
  // What a function prints is JSON; the runtime's own lines are not.
  return lines.filter(({ message }) => message.startsWith('{')).map(({ message }) => JSON.parse(message));
}

/** The factory's calls that write: into Entra, or to a role. */
export const writesOf = ({ sandbox }: Factory): RecordedCall[] =>
  sandbox.recorder
    .calls()
    .filter(({ cloud, service, operation, caller }) =>
      cloud === 'entra'
        ? service === 'graph' && caller === sandbox.world.factoryAppId && !operation.startsWith('GET ')
        : service === 'iam' &&
          caller.includes(':assumed-role/oidc-factory-') &&
          !/^(Get|List)/.test(operation),
    );

/** Display names of everything active in Entra that the factory made. */
export const madeInEntra = ({ sandbox }: Factory): string[] => {
  const { directory } = sandbox.entra;
  return [...directory.applications(), ...directory.servicePrincipals()]
    .filter(({ createdByAppId }) => createdByAppId === sandbox.world.factoryAppId)
    .map(({ displayName }) => displayName);
};
