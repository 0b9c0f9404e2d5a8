/** A factory with the guard, for one test file; and what its tests say over and over. */
import {
  type AttributeValue,
  type DynamoDBClient,
  ListTablesCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { RoleFile } from '../../../core/guard/role-file.ts';
import { filesIn } from '../../../lambdas/adapters/guard-record.ts';
import { until } from '../../../sandbox/clients.ts';
import type { RecordedCall } from '../../../sandbox/recorder.ts';
import type { Keys } from '../callers.ts';
import { type Factory, useFactory } from '../harness.ts';
import { guardAssembly } from './assembly.ts';

export const QUARANTINE = 'oidc-factory-quarantine';
const GITHUB = 'token.actions.githubusercontent.com';

export const useGuardedFactory = (options: Parameters<typeof useFactory>[0] = {}): (() => Factory) =>
  useFactory({ ...options, assemblyDir: guardAssembly });

/** The member's provider for GitHub, made when it is first asked for. */
export async function githubProvider({ member }: Factory): Promise<string> {
  const arn = `arn:aws:iam::${member.accountId}:oidc-provider/${GITHUB}`;
  try {
    const input = { Url: `https://${GITHUB}`, ClientIDList: ['sts.amazonaws.com'] };
    await member.iam.send(new CreateOpenIDConnectProviderCommand(input));
  } catch (error) {
    if ((error as Error).name !== 'EntityAlreadyExistsException') throw error;
  }
  return arn;
}

/** A trust policy on GitHub; `more` are further statements. */
export const githubTrust = async (factory: Factory, sub: string, more: readonly object[] = []) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: await githubProvider(factory) },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: { [`${GITHUB}:aud`]: 'sts.amazonaws.com' },
        StringLike: { [`${GITHUB}:sub`]: sub },
      },
    },
    ...more,
  ],
});

/** Lets in any repository whose owner's name begins with acme. */
export const OPEN_SUB = 'repo:acme*';
export const CLOSED_SUB = 'repo:acme@1/api@2:environment:production';

export async function createGithubRole(
  factory: Factory,
  RoleName: string,
  sub: string,
  more: { statements?: readonly object[]; path?: string; iam?: IAMClient } = {},
): Promise<string> {
  const trust = await githubTrust(factory, sub, more.statements);
  const { Role } = await (more.iam ?? factory.member.iam).send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify(trust),
      ...(more.path !== undefined && { Path: more.path }),
    }),
  );
  return Role?.Arn ?? '';
}

/** A session of the role, as a job of GitHub Actions in this repository has it. */
export async function githubSession(factory: Factory, roleArn: string, sub: string): Promise<Keys> {
  const { aws, controlToken } = factory.sandbox.ready;
  const answer = await fetch(`${aws.endpoint}/_sandbox/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${controlToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ issuer: `https://${GITHUB}`, claims: { sub, aud: 'sts.amazonaws.com' } }),
  });
  const { token, errors } = (await answer.json()) as { token?: string; errors?: string[] };
  if (token === undefined) throw new Error(`No token: ${errors}`);
  return factory.assume(roleArn, token);
}

/** Gives a role what {@link mayWork} does. */
export async function letWork({ member }: Factory, RoleName: string): Promise<void> {
  const statement = { Effect: 'Allow', Action: 'iam:ListRoles', Resource: '*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statement });
  await member.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'work', PolicyDocument }));
}

/** `allowed` or `denied`: whether the session may list roles, which its role's policies allow. */
export async function mayWork(factory: Factory, credentials: Keys): Promise<'allowed' | 'denied'> {
  const iam = new IAMClient({ ...factory.awsOptions, credentials: { ...credentials } });
  try {
    await iam.send(new ListRolesCommand({}));
    return 'allowed';
  } catch (error) {
    if (error instanceof Error && /^AccessDenied/.test(error.name)) return 'denied';
    throw error;
  }
}

/** Names of the managed policies of a role. */
export async function attachedTo({ member }: Factory, RoleName: string): Promise<string[]> {
  const { AttachedPolicies = [] } = await member.iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  return AttachedPolicies.map(({ PolicyName = '' }) => PolicyName);
}

async function items({ dynamo }: Factory): Promise<Record<string, AttributeValue>[]> {
  const { TableNames = [] } = await dynamo.send(new ListTablesCommand({}));
  const TableName = TableNames.find((name) => name.includes('Guard'));
  const { Items = [] } = await (dynamo as DynamoDBClient).send(
    new ScanCommand({ TableName, ConsistentRead: true }),
  );
  return Items;
}

/** What the guard remembers of the role of this name that was made last. */
export async function fileOf(factory: Factory, roleName: string): Promise<RoleFile | undefined> {
  const files = filesIn(await items(factory)).filter((file) => file.roleName === roleName);
  return files.find(({ goneAt }) => goneAt === undefined) ?? files[0];
}

/** The guard's file of the role once it is as wanted. */
export const fileThat = (
  factory: Factory,
  roleName: string,
  what: string,
  wanted: (file: RoleFile) => boolean,
): Promise<RoleFile> =>
  until(`${roleName} to be ${what}`, async () => {
    const file = await fileOf(factory, roleName);
    return file && wanted(file) ? file : undefined;
  });

export const openRules = ({ findings }: RoleFile): string[] =>
  findings.filter(({ resolvedAt }) => resolvedAt === undefined).map(({ rule }) => rule);

export const isFound = (rule: string) => (file: RoleFile) => openRules(file).includes(rule);
export const isIn = (phase: string) => (file: RoleFile) => file.containment?.phase === phase;

const GUARD_ROLES = /:assumed-role\/oidc-factory-(?:audit|contain|report|guard-role)\//;

/** What the guard wrote to the roles of member accounts. */
export const guardWrites = ({ sandbox }: Factory): RecordedCall[] =>
  sandbox.recorder
    .calls()
    .filter(
      ({ service, operation, caller }) =>
        service === 'iam' && GUARD_ROLES.test(caller) && !/^(?:Get|List)/.test(operation),
    );
