/** A whole factory in a local cloud, for one test file; and what its tests say over and over. */
import { setTimeout as delay } from 'node:timers/promises';
import { CreateRoleCommand, type Tag } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, inject } from 'vitest';
import { type Clients, connect, type MemberClient, until } from '../../sandbox/clients.ts';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { createWorld } from '../../sandbox/world.ts';

export interface Factory extends Clients {
  readonly sandbox: Sandbox;
  /** The first member account. */
  readonly member: MemberClient;
}

/** Starts the factory before the tests of the file and closes it after them. */
export function useFactory(options: { members?: number; assemblyDir?: string } = {}): () => Factory {
  let factory: Factory | undefined;
  beforeAll(async () => {
    const sandbox = await startSandbox({
      world: createWorld({ members: options.members ?? 1 }),
      assemblyDir: options.assemblyDir ?? inject('assemblyDir'),
      port: 0,
      timeScale: 0.05,
    });
    const clients = connect(sandbox.ready);
    const [member] = clients.members;
    if (!member) throw new Error('There is no member account');
    factory = { ...clients, sandbox, member };
  });
  afterAll(() => factory?.sandbox.close());
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
