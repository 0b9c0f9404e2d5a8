/** What the broken set-ups are made of: served roles, workloads that log in, and doctor. */
import { randomUUID } from 'node:crypto';

import { CreateRoleCommand, DeleteRoleCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetWebIdentityTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { expect } from 'vitest';
import { credentialsFromEntra, type FromEntraOptions } from '../../../../credentials/from-entra.ts';
import { type MemberClient, until } from '../../../../sandbox/clients.ts';
import { addManagedIdentity } from '../../../../sandbox/entra/seed.ts';
import { createRole, ended, type Factory, placeholderOf, roleWithStatus, trustOn } from '../../harness.ts';
import type { CommandLine } from '../command-line.ts';
import { type Environment, program } from '../workload.ts';

/** How a workload is set up: what it is told, and its environment. */
export interface Workload extends FromEntraOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Role {
  readonly member: number;
  readonly name: string;
  readonly arn: string;
}

export interface Served extends Role {
  readonly clientId: string;
  readonly audience: string;
  /** Object id of the service principal. */
  readonly principalId: string;
  /** One that gets in: as the role's application, with a client secret. */
  readonly workload: Workload;
}

/** What a refused workload is told; a CredentialsError is one. */
export interface Refusal {
  readonly code: string;
  readonly remedy: string;
  readonly mayBe: readonly string[];
}

export interface Finding {
  readonly id: string;
  readonly status: 'OK' | 'FAIL' | 'UNKNOWN';
  readonly code?: string;
  readonly remedy?: string;
}

export interface Identity {
  readonly clientId: string;
  readonly objectId: string;
}

export type Lab = ReturnType<typeof labOf>;

/** A set-up of one mistake. */
export interface Broken {
  /** What doctor is asked about; it may change when the mistake is mended. */
  readonly role: () => Role;
  /** The exchange as the workload is set up now; absent where no workload is concerned. */
  readonly workload?: () => Promise<void>;
  /** The token with which the workload is refused, where doctor is to judge it. */
  readonly token?: () => Promise<string>;
  /** Where doctor is given another config than the factory's. */
  readonly config?: () => string;
  /** Does what the remedy says. */
  readonly mend: () => Promise<unknown>;
  /** What is to work afterwards, beside the workload and the check that failed. */
  readonly works?: () => Promise<unknown>;
}

export type SetUp = (lab: Lab) => Promise<Broken>;
export type SetUps = Readonly<Record<string, SetUp>>;

export function labOf(factory: Factory, command: CommandLine) {
  const member = (index: number): MemberClient => {
    const found = factory.members[index];
    if (!found) throw new Error(`There is no member account ${index}`);
    return found;
  };
  const arnOf = (index: number, name: string) => `arn:aws:iam::${member(index).accountId}:role/${name}`;
  const create = async (index: number, name: string, sub?: string): Promise<Role> => {
    const claims = { aud: placeholderOf(factory), ...(sub !== undefined && { sub }) };
    await createRole(member(index), name, trustOn(member(index), claims));
    return { member: index, name, arn: arnOf(index, name) };
  };

  async function whenServed(role: Role): Promise<Served> {
    const { tags } = await roleWithStatus(member(role.member), role.name, 'ready');
    const [clientId = '', audience = ''] = [tags['oidc-factory:client-id'], tags['oidc-factory:audience']];
    const { body } = await factory.graph('GET', `/servicePrincipals(appId='${clientId}')?$select=id`);
    const { tenantId } = factory.sandbox.world;
    const AZURE_CLIENT_SECRET = await factory.addPassword(clientId);
    const env = { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET };
    const workload = { roleArn: role.arn, audience, env };
    return { ...role, clientId, audience, principalId: body.id, workload };
  }

  const served = async (index: number, name: string, sub?: string): Promise<Served> =>
    whenServed(await create(index, name, sub));

  return {
    factory,
    command,
    member,
    arnOf,
    create,
    whenServed,
    served,
    remove: async ({ member: index, name }: Role): Promise<void> => {
      await member(index).iam.send(new DeleteRoleCommand({ RoleName: name }));
    },

    /** Graph as the tenant's administrator; fails where Graph refuses. */
    graph: async (method: string, path: string, json?: object) => {
      const { status, body } = await factory.graph(method, path, json);
      if (status >= 300) throw new Error(`Graph refuses ${method} ${path}: ${JSON.stringify(body)}`);
      return body;
    },

    identity: (displayName: string): Identity => {
      const { appId, id } = addManagedIdentity(factory.sandbox.entra.directory, displayName);
      return { clientId: appId, objectId: id };
    },

    /** The workload gets a session, and AWS agrees whose it is. */
    enter: async ({ env, ...options }: Workload): Promise<void> => {
      const impatient = { now: Date.now, random: Math.random, sleep: async () => {} };
      const surroundings = { AZURE_AUTHORITY_HOST: factory.sandbox.ready.entra.authority, ...env };
      const session = await credentialsFromEntra(options, surroundings, impatient)();
      const role = options.roleArn.slice(options.roleArn.lastIndexOf('/') + 1);
      expect(await factory.whoAmI(session)).toContain(`:assumed-role/${role}/`);
    },

    /** The same by the command, in a process of its own. What it says on standard error counts as a refusal. */
    enterByCommand: async ({ arn, audience }: Served, env: Environment): Promise<void> => {
      const args = ['credentials', '--role-arn', arn, '--audience', audience, '--json'];
      const { stdout, stderr } = await program(process.execPath, ['bin/oidc-factory.ts', ...args], env);
      const { error, ...session } = JSON.parse(stdout);
      const [code = ''] = stderr.split(':');
      if (stderr !== '') throw { code, remedy: stderr, mayBe: [] } satisfies Refusal;
      if (error) throw { ...error, mayBe: [] } satisfies Refusal;
      const {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: sessionToken,
      } = session;
      const keys = { accessKeyId, secretAccessKey, sessionToken };
      expect(await factory.whoAmI(keys)).toContain(`:assumed-role/${arn.split('/').at(-1)}/`);
    },

    doctor: async (role: Role, config = command.config, token?: string): Promise<Finding[]> => {
      const profiles = ['--profile', `member-${role.member}`, '--factory-profile', 'factory'];
      const tokens =
        token === undefined ? [] : ['--token-file', command.file(`token-${randomUUID()}`, token)];
      const args = ['--config', config, '--role-arn', role.arn, ...profiles, ...tokens, '--json'];
      const ran = await command.run(['doctor', ...args]);
      return ran.json().checks;
    },

    /** A token of a platform, as CI systems have them; its issuer is one that AWS publishes. */
    platformToken: async (): Promise<string> => {
      const { awsOptions, sandbox } = factory;
      const sts = new STSClient({ ...awsOptions, credentials: { ...sandbox.ready.aws.factory } });
      const answer = await sts.send(
        new GetWebIdentityTokenCommand({
          Audience: ['api://AzureADTokenExchange'],
          SigningAlgorithm: 'RS256',
        }),
      );
      return answer.WebIdentityToken ?? '';
    },

    retry: async ({ name }: Role): Promise<void> => {
      await ended(factory, 'create-role', name);
      const args = ['--role', name, '--yes', '--profile', 'factory'];
      expect((await command.run(['retry', ...args])).exitCode).toBe(0);
      await ended(factory, 'create-role', name, 2);
    },
    /** The account alone; nothing where another sweep runs. */
    sweep: (index: number) =>
      command.run(['sweep', '--account', member(index).accountId, '--profile', 'factory']),
    /** The factory has taken the audience of a deleted role off the provider's list. */
    untilUnlisted: ({ member: index, audience }: Served) =>
      until(`${audience} to leave the list`, async () =>
        (await member(index).audiences()).includes(audience) ? undefined : true,
      ),
    failed: (role: Role) => roleWithStatus(member(role.member), role.name, 'failed'),

    createWith: (index: number, RoleName: string, trust: object, Tags?: { Key: string; Value: string }[]) =>
      member(index).iam.send(
        new CreateRoleCommand({
          RoleName,
          AssumeRolePolicyDocument: JSON.stringify(trust),
          ...(Tags && { Tags }),
        }),
      ),
  };
}

/** A served role whose trust policy was changed, until it is put right. */
export async function withTrust(
  lab: Lab,
  role: Served,
  wrong: object | undefined,
  right: object | undefined,
  workload = role.workload,
): Promise<Broken> {
  const set = (trust: object | undefined) =>
    lab
      .member(role.member)
      .iam.send(
        new UpdateAssumeRolePolicyCommand({ RoleName: role.name, PolicyDocument: JSON.stringify(trust) }),
      );
  await set(wrong);
  return { role: () => role, workload: () => lab.enter(workload), mend: () => set(right) };
}

/** A workload that is set up wrongly until it is mended. */
export function changing(lab: Lab, role: Role, wrong: Workload, right: Workload): Broken {
  let now = wrong;
  return {
    role: () => role,
    workload: () => lab.enter(now),
    token: () => {
      const { audience, env } = now;
      return lab.factory.token(env.AZURE_CLIENT_ID ?? '', env.AZURE_CLIENT_SECRET ?? '', audience);
    },
    mend: async () => {
      now = right;
    },
  };
}
