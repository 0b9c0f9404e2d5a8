/** What an ordinary client does with the ready line: SDK clients for each account, plain HTTP for Entra and Graph. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AttributeValue,
  DynamoDBClient,
  ListTablesCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { GetOpenIDConnectProviderCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { httpsJson, type JsonAnswer } from './https-json.ts';
import type { ReadyLine } from './start.ts';

/** Probes until there is something, for a minute. Rejects with `what` was waited for. */
export async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`Waited a minute in vain for ${what}`);
    await delay(100);
  }
}

export type Clients = ReturnType<typeof connect>;
export type MemberClient = Clients['members'][number];

/** Clients for everything that a ready sandbox serves. */
export function connect({ aws, entra }: ReadyLine) {
  const awsOptions = { endpoint: aws.endpoint, region: aws.region };
  // Copies of credentials: the SDK notes in the object that it is given where they come from.
  const states = new SFNClient({ ...awsOptions, credentials: { ...aws.factory } });
  const dynamo = new DynamoDBClient({ ...awsOptions, credentials: { ...aws.factory } });
  // Exchanging a web identity needs no credentials of AWS.
  const sts = new STSClient({ ...awsOptions, credentials: { accessKeyId: 'none', secretAccessKey: 'none' } });
  const ca = readFileSync(entra.caFile);

  /** The answer of the token endpoint, whatever its status. */
  const requestToken = (clientId: string, clientSecret: string, resource: string): Promise<JsonAnswer> =>
    httpsJson(`${entra.authority}/${entra.tenantId}/oauth2/v2.0/token`, {
      ca,
      form: {
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${resource}/.default`,
      },
    });

  async function token(clientId: string, clientSecret: string, resource: string): Promise<string> {
    const { status, body } = await requestToken(clientId, clientSecret, resource);
    if (status !== 200) throw new Error(`Entra refuses a token: ${body?.error_description}`);
    return body.access_token;
  }

  /** As the tenant's administrator. */
  async function graph(method: string, path: string, json?: object): Promise<JsonAnswer> {
    const admin = await token(entra.admin.clientId, entra.admin.clientSecret, 'https://graph.microsoft.com');
    return httpsJson(`${entra.graph}/v1.0${path}`, {
      ca,
      method,
      headers: { authorization: `Bearer ${admin}` },
      ...(json && { json }),
    });
  }

  async function create(path: string, json: object, expected = 201) {
    const { status, body } = await graph('POST', path, json);
    if (status !== expected) throw new Error(`Graph refuses POST ${path}: ${JSON.stringify(body)}`);
    return body;
  }

  /** A new client secret of an application. */
  const addPassword = async (appId: string): Promise<string> =>
    (
      await create(
        `/applications(appId='${appId}')/addPassword`,
        { passwordCredential: { displayName: 'workload' } },
        200,
      )
    ).secretText;

  return {
    awsOptions,
    states,
    dynamo,
    requestToken,
    token,
    graph,
    addPassword,

    members: aws.members.map((account) => {
      const iam = new IAMClient({ ...awsOptions, credentials: { ...account } });
      return {
        accountId: account.accountId,
        providerArn: account.providerArn,
        credentials: account,
        iam,

        role: async (roleName: string) => {
          const { Role } = await iam.send(new GetRoleCommand({ RoleName: roleName }));
          return {
            arn: Role?.Arn ?? '',
            roleId: Role?.RoleId ?? '',
            trust: decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''),
            tags: Object.fromEntries((Role?.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
          };
        },

        audiences: async (): Promise<string[]> => {
          const OpenIDConnectProviderArn = account.providerArn;
          const provider = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
          return provider.ClientIDList ?? [];
        },
      };
    }),

    /** Another application of the tenant with its service principal: any member of a tenant may register one. */
    registerApplication: async (displayName: string): Promise<{ appId: string; secret: string }> => {
      const { appId } = await create('/applications', { displayName });
      await create('/servicePrincipals', { appId });
      return { appId, secret: await addPassword(appId) };
    },

    /** AWS credentials for a web identity token. */
    assume: async (roleArn: string, webIdentityToken: string) => {
      const { Credentials } = await sts.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: roleArn,
          RoleSessionName: 'workload',
          WebIdentityToken: webIdentityToken,
        }),
      );
      return {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      };
    },

    /** ARN of whoever holds the credentials. */
    whoAmI: async (credentials: { accessKeyId: string; secretAccessKey: string }): Promise<string> => {
      const answer = await new STSClient({ ...awsOptions, credentials: { ...credentials } }).send(
        new GetCallerIdentityCommand({}),
      );
      return answer.Arn ?? '';
    },

    /** The executions of a workflow that concern a role, newest first. */
    executions: async (workflow: string, roleName: string): Promise<DescribeExecutionOutput[]> => {
      const { stateMachines } = await states.send(new ListStateMachinesCommand({}));
      const machine = stateMachines?.find(({ name }) => name?.endsWith(workflow));
      const list = await states.send(
        new ListExecutionsCommand({ stateMachineArn: machine?.stateMachineArn }),
      );
      const executions = await Promise.all(
        (list.executions ?? []).map(({ executionArn }) =>
          states.send(new DescribeExecutionCommand({ executionArn })),
        ),
      );
      return executions.filter(({ input }) => JSON.parse(input ?? '{}').roleName === roleName);
    },

    /** Every ledger entry of a role name, as stored. */
    ledgerEntries: async (accountId: string, roleName: string): Promise<Record<string, AttributeValue>[]> => {
      const { TableNames } = await dynamo.send(new ListTablesCommand({}));
      const answer = await dynamo.send(
        new QueryCommand({
          TableName: TableNames?.find((name) => name.includes('Ledger')),
          KeyConditionExpression: '#role = :role',
          ExpressionAttributeNames: { '#role': 'role' },
          ExpressionAttributeValues: { ':role': { S: `${accountId}#${roleName.toLowerCase()}` } },
          ConsistentRead: true,
        }),
      );
      return answer.Items ?? [];
    },
  };
}
