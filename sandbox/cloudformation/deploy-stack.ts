/** Creates what a template describes, as CloudFormation would on a first deployment. */
import { randomBytes } from 'node:crypto';
import { PARTITIONS, partitionOfRegion } from '../../core/issuer.ts';
import type { Caller, Cloud } from '../cloud.ts';
import { FieldError, fields } from '../fields.ts';
import type { CreationContext, LogGroups } from './creator.ts';
import { CREATORS } from './creators.ts';
import { type Created, holds, type Names, resolve, test } from './intrinsics.ts';
import { inOrder } from './order.ts';
import type { StackResponses } from './responses.ts';
import { parameterValues, parseTemplate, type Resource } from './template.ts';

export interface Deployment {
  readonly cloud: Cloud;
  readonly logs: LogGroups;
  /** Where custom resources answer. */
  readonly responses: StackResponses;
  readonly stackName: string;
  readonly template: object;
  readonly accountId: string;
  readonly region: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Who deploys: every call is made with this caller's rights. */
  readonly as: Caller;
  readonly assetFolder: (bucket: string, key: string) => string | undefined;
}

export interface DeployedStack {
  /** By logical id; those whose condition does not hold are missing. */
  readonly resources: ReadonlyMap<string, Created>;
  readonly outputs: Readonly<Record<string, string>>;
  /**
   * Deletes what is not retained, the last first. Fails with an error that names the resource that cannot be; then it
   * can be asked again.
   */
  remove(): Promise<void>;
}

/** Fails with an error that names the resource; what was created until then is rolled back, but for what is retained. */
export async function deployStack(deployment: Deployment): Promise<DeployedStack> {
  const template = parseTemplate(deployment.template);
  const unknown = template.resources.find(({ type }) => !CREATORS.has(type));
  if (unknown) throw new FieldError(`Resources.${unknown.id}`, `the type ${unknown.type} is not understood`);
  const resources = new Map<string, Created>();
  const names: Names = {
    values: new Map([
      ...pseudoParameters(deployment),
      ...parameterValues(template, deployment.parameters ?? {}),
    ]),
    conditions: template.conditions,
    resources,
  };
  checkDependsOn(template.resources);
  for (const { path, assert, description } of template.assertions) {
    if (!test(assert, names, path)) throw new FieldError(path, description ?? 'does not hold');
  }
  const wanted = template.resources.filter(
    ({ condition }) => condition === undefined || holds(condition, names),
  );
  /** What a deletion has left to do; the first first. */
  const left: Resource[] = [];
  const remove = async (): Promise<void> => {
    for (let resource = left.at(-1); resource; resource = left.at(-1)) {
      await acting('remove', resource, deployment, async () => resources.get(resource.id)?.remove?.());
      left.pop();
    }
  };
  try {
    for (const resource of inOrder(wanted)) {
      resources.set(resource.id, await create(resource, names, deployment));
      if (!resource.retained) left.push(resource);
    }
    return { resources, outputs: outputsOf(template.outputs, names), remove };
  } catch (error) {
    await remove().catch((problem) => {
      throw new AggregateError([error, problem], `${messageOf(error)}; roll-back: ${messageOf(problem)}`);
    });
    throw error;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function create(resource: Resource, names: Names, deployment: Deployment): Promise<Created> {
  const path = `Resources.${resource.id}`;
  const creator = CREATORS.get(resource.type);
  if (!creator) throw new FieldError(path, `the type ${resource.type} is not understood`);
  const properties = fields(resolve(resource.properties, names, path), path);
  return acting('create', resource, deployment, async () => {
    const act = creator(properties, contextFor(resource, deployment));
    properties.done();
    return await act();
  });
}

/** Errors of `act` name the stack and the resource. */
async function acting<T>(
  what: 'create' | 'remove',
  { id, type }: Resource,
  { stackName }: Deployment,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof FieldError) throw cause;
    const problem = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    const failed = what === 'create' ? 'failed' : 'could not be deleted';
    throw new Error(`${stackName}: ${id} (${type}) ${failed}: ${problem}`, { cause });
  }
}

function contextFor(resource: Resource, deployment: Deployment): CreationContext {
  const { cloud, logs, responses, accountId, region, stackName, assetFolder } = deployment;
  // CloudFormation calls on behalf of whoever deploys; CloudTrail shows its name as the user agent.
  const as: Caller = {
    ...deployment.as,
    context: { ...deployment.as.context, 'aws:CalledVia': 'cloudformation.amazonaws.com' },
  };
  return {
    logs,
    responses,
    stackId: stackIdOf(deployment),
    logicalId: resource.id,
    as,
    accountId,
    region,
    partition: partitionOfRegion(region),
    assetFolder,
    invoke: (service, operation, input) => cloud.invoke(service, operation, input, as, region),
    physicalName: (max) => {
      const suffix = randomBytes(6).toString('hex').toUpperCase();
      return `${`${stackName}-${resource.id}`.slice(0, max - suffix.length - 1)}-${suffix}`;
    },
  };
}

function checkDependsOn(resources: readonly Resource[]): void {
  const ids = new Set(resources.map(({ id }) => id));
  for (const { id, dependsOn } of resources) {
    const missing = dependsOn.find((other) => !ids.has(other));
    if (missing !== undefined) throw new FieldError(`Resources.${id}.DependsOn`, `there is no ${missing}`);
  }
}

const stackIdOf = ({ accountId, region, stackName }: Deployment): string =>
  `arn:${partitionOfRegion(region)}:cloudformation:${region}:${accountId}:stack/${stackName}/local`;

function pseudoParameters(deployment: Deployment): [string, string][] {
  const { accountId, region, stackName } = deployment;
  const partition = partitionOfRegion(region);
  return [
    ['AWS::AccountId', accountId],
    ['AWS::Region', region],
    ['AWS::Partition', partition],
    ['AWS::URLSuffix', PARTITIONS[partition].dnsSuffix],
    ['AWS::StackName', stackName],
    ['AWS::StackId', stackIdOf(deployment)],
  ];
}

function outputsOf(outputs: Readonly<Record<string, unknown>>, names: Names): Record<string, string> {
  const resolved = Object.entries(outputs).flatMap(([name, value]) => {
    const path = `Outputs.${name}`;
    const output = fields(value, path);
    output.optional('Description', 'string');
    const condition = output.optional('Condition', 'string');
    const text = output.required('Value', 'any');
    output.done();
    if (condition !== undefined && !holds(condition, names)) return [];
    return [[name, String(resolve(text, names, path))] as const];
  });
  return Object.fromEntries(resolved);
}
