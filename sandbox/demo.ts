/** Plays the main job once, as a developer and a workload would, through the public APIs alone. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient, ListTablesCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { httpsJson } from './https-json.ts';
import type { ReadyLine } from './start.ts';

/** One line of the timeline. */
export interface Moment {
  /** Seconds since the demo began. */
  readonly at: number;
  readonly who: 'developer' | 'member account' | 'factory' | 'workload' | 'stranger' | 'proof';
  readonly what: string;
  /** More lines: a policy, an identity, an error. */
  readonly detail?: readonly string[];
}

const ROLE = 'nightly-export';
const PATIENCE_MS = 60_000;

/**
 * Creates a role with the placeholder as audience, waits until it trusts its application, exchanges that
 * application's token for AWS credentials, shows that another application is refused, deletes the role and shows
 * that nothing is left. Rejects at the first thing that is not as it must be.
 */
export async function playMainJob(ready: ReadyLine, report: (moment: Moment) => void): Promise<void> {
  const began = performance.now();
  const say = (who: Moment['who'], what: string, ...detail: string[]) =>
    report({
      at: Math.round((performance.now() - began) / 100) / 10,
      who,
      what,
      ...(detail.length > 0 && { detail }),
    });
  const world = clients(ready);
  const { member, placeholder } = world;

  const created = await member.iam.send(
    new CreateRoleCommand({
      RoleName: ROLE,
      AssumeRolePolicyDocument: JSON.stringify(consoleTrust(member.providerArn, placeholder)),
    }),
  );
  const before = decodeURIComponent(created.Role?.AssumeRolePolicyDocument ?? '');
  say('developer', `creates the web identity role ${ROLE} with a dummy audience`, ...pretty(before));
  const creation = await world.execution('create-role');
  say('member account', `CloudTrail records CreateRole; the rule forwards the event to the factory bus`);
  await world.tellSteps(creation, say);

  const { trust, tags } = await world.role();
  const clientId = tags['oidc-factory:client-id'] ?? '';
  const audience = tags['oidc-factory:audience'] ?? '';
  must(tags['oidc-factory:status'] === 'ready', `the role is tagged ${tags['oidc-factory:status']}`);
  say('factory', `the role trusts its own application, client id ${clientId}`, ...pretty(trust));

  const secret = await world.addPassword(clientId);
  const token = await world.token(clientId, secret, audience);
  const session = await world.assume(created.Role?.Arn ?? '', token);
  const who = await new STSClient({ ...world.awsOptions, credentials: session }).send(
    new GetCallerIdentityCommand({}),
  );
  must(who.Arn?.includes(`assumed-role/${ROLE}/`) === true, `the caller is ${who.Arn}`);
  say('workload', 'exchanges its Entra token for AWS credentials', `GetCallerIdentity: ${who.Arn}`);

  const stranger = await world.anotherApplication();
  const strangersToken = await world.token(stranger.appId, stranger.secret, audience);
  const refusal = await world.assume(created.Role?.Arn ?? '', strangersToken).then(
    () => undefined,
    (error: Error) => error,
  );
  must(refusal?.name === 'AccessDenied', `the other application got: ${refusal?.name ?? 'in'}`);
  say(
    'stranger',
    'another application of the tenant, with a valid token for the same audience, is refused',
    `${refusal?.name}: ${refusal?.message}`,
  );

  await member.iam.send(new DeleteRoleCommand({ RoleName: ROLE }));
  say('developer', `deletes the role ${ROLE}`);
  const removal = await world.execution('delete-role');
  await world.tellSteps(removal, say);

  const left = await world.whatIsLeft(clientId, audience);
  must(left.length === 0, `left behind: ${left.join(', ')}`);
  say('proof', 'nothing is left: no application in Entra, no audience on the provider, no live ledger entry');
}

/** What the console's wizard writes: the audience as a list of one. */
const consoleTrust = (providerArn: string, audience: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRoleWithWebIdentity',
      Principal: { Federated: providerArn },
      Condition: { StringEquals: { [`${providerArn.split('oidc-provider/')[1]}:aud`]: [audience] } },
    },
  ],
});

const pretty = (policy: string): string[] => JSON.stringify(JSON.parse(policy), null, 2).split('\n');

function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(`The main job went wrong: ${otherwise}`);
}

async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`Waited ${PATIENCE_MS / 1000} s in vain for ${what}`);
    await delay(100);
  }
}

function clients(ready: ReadyLine) {
  const { aws, entra } = ready;
  const account = aws.members[0];
  if (!account) throw new Error('The demo needs a member account');
  const awsOptions = { endpoint: aws.endpoint, region: aws.region };
  const iam = new IAMClient({ ...awsOptions, credentials: account });
  const sts = new STSClient({ ...awsOptions, credentials: account });
  const states = new SFNClient({ ...awsOptions, credentials: aws.factory });
  const dynamo = new DynamoDBClient({ ...awsOptions, credentials: aws.factory });
  const ca = readFileSync(entra.caFile);
  const placeholder = `api://${entra.tenantId}/oidc-factory-placeholder`;

  async function token(clientId: string, clientSecret: string, resource: string): Promise<string> {
    const answer = await httpsJson(`${entra.authority}/${entra.tenantId}/oauth2/v2.0/token`, {
      ca,
      form: {
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${resource}/.default`,
      },
    });
    must(answer.status === 200, `Entra refuses a token: ${answer.body?.error_description}`);
    return answer.body.access_token;
  }

  async function graph(method: string, path: string, json?: object) {
    const admin = await token(entra.admin.clientId, entra.admin.clientSecret, 'https://graph.microsoft.com');
    return httpsJson(`${entra.graph}/v1.0${path}`, {
      ca,
      method,
      headers: { authorization: `Bearer ${admin}` },
      ...(json && { json }),
    });
  }

  async function addPassword(appId: string): Promise<string> {
    const answer = await graph('POST', `/applications(appId='${appId}')/addPassword`, {
      passwordCredential: { displayName: 'demo' },
    });
    must(answer.status === 200, `Graph refuses a password: ${JSON.stringify(answer.body)}`);
    return answer.body.secretText;
  }

  return {
    awsOptions,
    placeholder,
    member: { iam, providerArn: account.providerArn },
    token,
    addPassword,

    /** The execution of a workflow for the demo's role, once it has ended. */
    execution: async (workflow: string): Promise<DescribeExecutionOutput> => {
      const machines = await states.send(new ListStateMachinesCommand({}));
      const stateMachineArn = machines.stateMachines?.find((machine) =>
        machine.name?.endsWith(workflow),
      )?.stateMachineArn;
      return until(`the ${workflow} workflow`, async () => {
        const list = await states.send(new ListExecutionsCommand({ stateMachineArn }));
        for (const { executionArn } of list.executions ?? []) {
          const execution = await states.send(new DescribeExecutionCommand({ executionArn }));
          if (JSON.parse(execution.input ?? '{}').roleName !== ROLE) continue;
          if (execution.status === 'RUNNING') continue;
          must(execution.status === 'SUCCEEDED', `${workflow} ended ${execution.status}: ${execution.error}`);
          return execution;
        }
        return undefined;
      });
    },

    /** The steps of an execution, with the time each took. */
    tellSteps: async (
      execution: DescribeExecutionOutput,
      say: (who: 'factory', what: string, ...detail: string[]) => void,
    ): Promise<void> => {
      const history = await states.send(
        new GetExecutionHistoryCommand({ executionArn: execution.executionArn, maxResults: 1000 }),
      );
      const entered = new Map<string, number>();
      const steps: string[] = [];
      for (const event of history.events ?? []) {
        const at = event.timestamp?.getTime() ?? 0;
        const into = event.stateEnteredEventDetails?.name;
        const outOf = event.stateExitedEventDetails?.name;
        if (into) entered.set(into, at);
        if (outOf && /^(Task|Wait)StateExited$/.test(event.type ?? ''))
          steps.push(`${outOf.padEnd(20)} ${String(at - (entered.get(outOf) ?? at)).padStart(6)} ms`);
      }
      say('factory', `${execution.stateMachineArn?.split(':').at(-1)}: ${execution.name}`, ...steps);
    },

    role: async () => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: ROLE }));
      return {
        trust: decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''),
        tags: Object.fromEntries((Role?.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
      };
    },

    assume: async (roleArn: string, webIdentityToken: string) => {
      const { Credentials } = await sts.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: roleArn,
          RoleSessionName: 'demo',
          WebIdentityToken: webIdentityToken,
        }),
      );
      must(Credentials !== undefined, 'STS answered without credentials');
      return {
        accessKeyId: Credentials.AccessKeyId ?? '',
        secretAccessKey: Credentials.SecretAccessKey ?? '',
        sessionToken: Credentials.SessionToken ?? '',
      };
    },

    /** Any member of a tenant may register one. */
    anotherApplication: async (): Promise<{ appId: string; secret: string }> => {
      const application = await graph('POST', '/applications', { displayName: 'Somebody else' });
      must(application.status === 201, `Graph refuses an application: ${JSON.stringify(application.body)}`);
      const { appId } = application.body;
      const principal = await graph('POST', '/servicePrincipals', { appId });
      must(principal.status === 201, `Graph refuses a service principal: ${JSON.stringify(principal.body)}`);
      return { appId, secret: await addPassword(appId) };
    },

    whatIsLeft: async (clientId: string, audience: string): Promise<string[]> => {
      const left: string[] = [];
      for (const kind of ['applications', 'servicePrincipals'])
        if ((await graph('GET', `/${kind}(appId='${clientId}')`)).status !== 404) left.push(kind);
      const provider = await iam.send(
        new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: account.providerArn }),
      );
      if (provider.ClientIDList?.includes(audience)) left.push('audience');
      const tables = await dynamo.send(new ListTablesCommand({}));
      for (const TableName of tables.TableNames ?? []) {
        const entries = await dynamo.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: '#role = :role',
            ExpressionAttributeNames: { '#role': 'role' },
            ExpressionAttributeValues: { ':role': { S: `${account.accountId}#${ROLE}` } },
            ConsistentRead: true,
          }),
        );
        if (entries.Items?.some((item) => item.phase?.S !== 'removed')) left.push('ledger entry');
      }
      return left;
    },
  };
}
