/** A deployed factory, found through its fixed names. */
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { ModeSettings } from '../core/control.ts';
import type { LedgerEntry } from '../core/ledger-entry.ts';
import { type FunctionName, type WorkflowName, workflowName } from '../core/naming.ts';
import { entriesIn } from '../lambdas/adapters/ledger-items.ts';
import { controlSection, ledgerSection, readSections } from '../lambdas/settings.ts';
import { type AwsOptions, calling, clientConfig, lookingUp } from './aws.ts';
import { CommandFailure } from './failure.ts';
import type { Io } from './io.ts';
import { knownFactoryIfAny } from './settings.ts';

/** What a command on a deployed factory is told: whose credentials, and which factory. */
export interface FactoryOptions extends AwsOptions {
  /** For prefix and region. Default: as it is found in the current folder. */
  readonly config?: string;
}

/** A deployed factory as the caller's credentials find it. */
export interface DeployedFactory {
  readonly options: AwsOptions;
  readonly prefix: string;
  readonly caller: Caller;
  /** ARN of a workflow, by its fixed name. */
  stateMachineArn(workflow: WorkflowName): string;
  /** Name of the ledger's table. */
  readonly ledger: string;
  readonly modes: ModeSettings;
  /** What inspect-role was deployed with, for what only some commands need. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Fails with FactoryNotFound. */
export async function deployedFactory(io: Io, given: FactoryOptions): Promise<DeployedFactory> {
  const config = knownFactoryIfAny(given.config === undefined ? {} : { config: given.config })?.config;
  const prefix = config?.prefix ?? 'oidc-factory';
  const { profile, region = config?.factory.region } = given;
  const options = { ...(profile && { profile }), ...(region && { region }) };
  const caller = await callerOf(io, options);
  const workflow = await deployedWorkflow(io, options, { caller, prefix, workflow: 'create-role' });
  const inspectRole = workflow?.functionArns['inspect-role'];
  if (workflow === undefined || inspectRole === undefined) {
    throw new CommandFailure(
      'refused',
      'FactoryNotFound',
      `Account ${caller.accountId} has no factory named ${prefix} in ${caller.region}`,
      {
        remedy: 'Use credentials of the factory account (--profile) and its region (--region, or --config).',
      },
    );
  }
  // From the environment of a function that uses it: CloudFormation has named the table.
  const variables = await environmentOf(io, options, inspectRole);
  const { ledger, modes } = readSections(variables, { ledger: ledgerSection, modes: controlSection });
  return {
    options,
    prefix,
    caller,
    stateMachineArn: (other) =>
      workflow.stateMachineArn.replace(
        `:${workflowName(prefix, 'create-role')}`,
        `:${workflowName(prefix, other)}`,
      ),
    ledger: ledger.table,
    modes,
    variables,
  };
}

/** Every entry of the ledger. */
export async function ledgerEntries(
  io: Io,
  { options, ledger }: Pick<DeployedFactory, 'options' | 'ledger'>,
): Promise<LedgerEntry[]> {
  const client = new DynamoDBClient(clientConfig(io, options));
  const entries: LedgerEntry[] = [];
  await calling(`dynamodb:Scan ${ledger}`, async () => {
    for await (const page of paginateScan({ client }, { TableName: ledger, ConsistentRead: true })) {
      entries.push(...entriesIn(page.Items ?? []));
    }
  });
  return entries;
}

/** Who holds the credentials, and where their calls go. */
export interface Caller {
  readonly accountId: string;
  readonly arn: string;
  readonly partition: string;
  readonly region: string;
}

/** Needs no permission. */
export async function callerOf(io: Io, options: AwsOptions): Promise<Caller> {
  const sts = new STSClient(clientConfig(io, options));
  const { Arn: arn = '', Account: accountId = '' } = await calling('sts:GetCallerIdentity', () =>
    sts.send(new GetCallerIdentityCommand({})),
  );
  return { accountId, arn, partition: arn.split(':')[1] ?? '', region: await sts.config.region() };
}

/** A workflow as it is deployed. */
export interface DeployedWorkflow {
  readonly stateMachineArn: string;
  /** ARNs of the functions that its tasks call. */
  readonly functionArns: Readonly<Partial<Record<FunctionName, string>>>;
}

/** Undefined where the caller's account has no such workflow in this region. */
export async function deployedWorkflow(
  io: Io,
  options: AwsOptions,
  where: { readonly caller: Caller; readonly prefix: string; readonly workflow: WorkflowName },
): Promise<DeployedWorkflow | undefined> {
  const { partition, region, accountId } = where.caller;
  const name = workflowName(where.prefix, where.workflow);
  const stateMachineArn = `arn:${partition}:states:${region}:${accountId}:stateMachine:${name}`;
  const states = new SFNClient(clientConfig(io, options));
  const found = await lookingUp(`states:DescribeStateMachine ${name}`, () =>
    states.send(new DescribeStateMachineCommand({ stateMachineArn })),
  );
  return found && { stateMachineArn, functionArns: functionsIn(found.definition ?? '{}') };
}

/** Each task is named after its function: `"InspectRole": { …, "Resource": "<ARN of inspect-role>" }`. */
function functionsIn(definition: string): DeployedWorkflow['functionArns'] {
  const arns: Record<string, string> = {};
  JSON.parse(definition, (name, state: unknown) => {
    const resource = (state as { Resource?: unknown } | null)?.Resource;
    if (typeof resource === 'string' && resource.includes(':function:')) arns[kebabCase(name)] = resource;
    return state;
  });
  return arns;
}

const kebabCase = (name: string): string => name.replace(/(?<!^)(?=[A-Z])/g, '-').toLowerCase();

/** What a function was deployed with; `readSettings` and its like make settings of it. */
export async function environmentOf(
  io: Io,
  options: AwsOptions,
  functionArn: string,
): Promise<Readonly<Record<string, string>>> {
  const name = functionArn.slice(functionArn.lastIndexOf(':') + 1);
  const lambda = new LambdaClient(clientConfig(io, options));
  const { Environment } = await calling(`lambda:GetFunctionConfiguration ${name}`, () =>
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionArn })),
  );
  return Environment?.Variables ?? {};
}
