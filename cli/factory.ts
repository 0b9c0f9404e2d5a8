/** A deployed factory, found through its fixed names. */
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type FunctionName, workflowName } from '../core/naming.ts';
import type { Workflow } from '../lambdas/ports.ts';
import { type AwsOptions, calling, clientConfig, lookingUp } from './aws.ts';
import type { Io } from './io.ts';

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
  where: { readonly caller: Caller; readonly prefix: string; readonly workflow: Workflow },
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
