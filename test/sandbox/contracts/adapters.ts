/** The functions' adapters in this process, each under the role of its function, on a started factory. */
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DisableRuleCommand, EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, vi } from 'vitest';
import { accountId } from '../../../core/ids.ts';
import { PARTITIONS } from '../../../core/issuer.ts';
import { type FunctionName, functionRoleArn } from '../../../core/naming.ts';
import { CLIENT_OPTIONS } from '../../../lambdas/adapters/aws-client.ts';
import { graphDirectory } from '../../../lambdas/adapters/directory.ts';
import { entraCredential } from '../../../lambdas/adapters/entra-login.ts';
import { stepFunctionsExecutions } from '../../../lambdas/adapters/executions.ts';
import { dynamoLedger } from '../../../lambdas/adapters/ledger.ts';
import { memberAccounts } from '../../../lambdas/adapters/member-accounts.ts';
import type { Clock, Directory, Ports, Workflow } from '../../../lambdas/ports.ts';
import {
  type EntraSettings,
  entraSection,
  type HandlerSettings,
  handlerSection,
  ledgerSection,
  memberSection,
  readSections,
  workflowSection,
} from '../../../lambdas/settings.ts';
import type { Sandbox } from '../../../sandbox/start.ts';
import { type Factory, useFactory } from '../../factory/harness.ts';

export interface Adapters extends Pick<Ports, 'accounts' | 'directory' | 'executions' | 'ledger'> {
  readonly settings: HandlerSettings;
  readonly entra: EntraSettings;
  readonly stateMachineArns: Readonly<Record<Workflow, string>>;
}

/** With a login of its own. What it tries again is tried at once, and a second has passed. */
export function directoryOf(entra: EntraSettings): Directory {
  let skipped = 0;
  const clock: Clock = {
    now: () => Date.now() + skipped,
    sleep: async () => {
      skipped += 1000;
    },
  };
  return graphDirectory({ ...entra, credential: entraCredential(entra), clock });
}

export interface Started extends Factory {
  readonly adapters: Adapters;
}

/** Starts a factory before the tests of the file, and closes it after them. */
export function useAdapters(): () => Started {
  const factory = useFactory({ showsNeed: false });
  let adapters: Adapters | undefined;
  beforeAll(async () => {
    await stopForwarding(factory());
    adapters = await connectAdapters(factory().sandbox);
    // Pauses of the SDK are drawn up to a limit: with this they are none.
    vi.spyOn(Math, 'random').mockReturnValue(0);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  return () => {
    if (!adapters) throw new Error('There are no adapters');
    return { ...factory(), adapters };
  };
}

/** The factory hears of nothing: the roles of these tests are the adapters' alone. */
async function stopForwarding({ sandbox, member }: Factory): Promise<void> {
  const { iamEventRegion: region } = PARTITIONS[sandbox.world.partition];
  const { endpoint } = sandbox.ready.aws;
  const events = new EventBridgeClient({ endpoint, region, credentials: { ...member.credentials } });
  const { Rules = [] } = await events.send(new ListRulesCommand({}));
  if (Rules.length === 0) throw new Error('The member account forwards nothing');
  for (const { Name } of Rules) await events.send(new DisableRuleCommand({ Name }));
}

async function connectAdapters(sandbox: Sandbox): Promise<Adapters> {
  const { aws, entra: tenant } = sandbox.ready;
  trust(tenant.caFile);
  const { settings, ledger, member, entra } = readSections(
    await environmentOf(sandbox, 'register-application'),
    { settings: handlerSection, ledger: ledgerSection, member: memberSection, entra: entraSection },
  );
  const { workflows } = readSections(await environmentOf(sandbox, 'dispatch-role-event'), {
    workflows: workflowSection,
  });
  // The clients that adapters make themselves find their endpoint and credentials where those of a function do.
  actAs(sandbox, 'register-application');
  const as = (name: FunctionName) => ({
    ...CLIENT_OPTIONS,
    endpoint: aws.endpoint,
    region: aws.region,
    credentials: credentialsOf(sandbox, name),
  });
  const membersAs = (name: FunctionName) =>
    memberAccounts({ ...member, sessionName: () => name, client: new STSClient(as(name)) });
  const ledgerAs = (name: FunctionName) => dynamoLedger({ ...ledger, client: new DynamoDBClient(as(name)) });
  const [recording, claiming] = [ledgerAs('record-outcome'), ledgerAs('inspect-role')];
  return {
    settings,
    entra,
    stateMachineArns: workflows.stateMachineArns,
    // No function may do all of it.
    ledger: {
      ...recording,
      holdersOf: claiming.holdersOf,
      write: (next, previous, place) => (place ? claiming : recording).write(next, previous, place),
    },
    directory: directoryOf(entra),
    executions: stepFunctionsExecutions({ ...workflows, client: new SFNClient(as('dispatch-role-event')) }),
    accounts: {
      inspect: membersAs('inspect-role').inspect,
      provider: membersAs('add-audience').provider,
      trust: membersAs('assign-audience').trust,
    },
  };
}

/** The sandbox's own certificates, for this process: variables of the environment come too late for it. */
const trust = (caFile: string): void =>
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(caFile, 'utf8')]);

/** Of a session of the function's role, as Lambda opens it. */
function credentialsOf({ aws, world }: Sandbox, name: FunctionName) {
  const { partition, factoryAccountId } = world;
  const roleArn = functionRoleArn(partition, accountId(factoryAccountId), 'oidc-factory', name);
  const { accessKeyId, secretAccessKey, sessionToken } = aws.cloud.issueCredentials(
    aws.cloud.assumeRoleAsService(roleArn, 'lambda.amazonaws.com', name),
    3600,
  );
  if (!sessionToken) throw new Error('A session has a token');
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** From now on, what this process does without credentials of its own is done by the function. */
function actAs(sandbox: Sandbox, name: FunctionName): void {
  const { endpoint, region } = sandbox.ready.aws;
  const { accessKeyId, secretAccessKey, sessionToken } = credentialsOf(sandbox, name);
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
  vi.stubEnv('AWS_REGION', region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  vi.stubEnv('AWS_SESSION_TOKEN', sessionToken);
}

/** The variables that a function was deployed with, and those that the sandbox sets in their place. */
async function environmentOf(sandbox: Sandbox, name: FunctionName): Promise<Record<string, string>> {
  const { aws, entra } = sandbox.ready;
  const { endpoint, region } = aws;
  const lambda = new LambdaClient({ endpoint, region, credentials: { ...aws.factory } });
  const { Functions } = await lambda.send(new ListFunctionsCommand({}));
  // CloudFormation names functions; the names of their roles are fixed.
  const deployed = Functions?.find(({ Role }) => Role?.endsWith(`:role/oidc-factory-${name}`));
  if (!deployed) throw new Error(`${name} is not deployed`);
  return {
    ...deployed.Environment?.Variables,
    AWS_REGION: region,
    AZURE_AUTHORITY_HOST: entra.authority,
    GRAPH_ENDPOINT: entra.graph,
  };
}
