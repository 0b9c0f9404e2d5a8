/** Creates what a template describes, as CloudFormation would on a first deployment. */
import { randomBytes } from 'node:crypto';
import { PARTITIONS, partitionOfRegion } from '../../core/issuer.ts';
import type { Caller, Cloud } from '../cloud.ts';
import { FieldError, fields } from '../fields.ts';
import type { CreationContext, LogGroups } from './creator.ts';
import { CREATORS } from './creators.ts';
import { type Created, holds, type Names, resolve } from './intrinsics.ts';
import { inOrder } from './order.ts';
import { parameterValues, parseTemplate, type Resource } from './template.ts';

export interface Deployment {
  readonly cloud: Cloud;
  readonly logs: LogGroups;
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
}

/** Fails with an error that names the resource; what was created until then stays. */
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
  const wanted = template.resources.filter(
    ({ condition }) => condition === undefined || holds(condition, names),
  );
  for (const resource of inOrder(wanted)) {
    resources.set(resource.id, await create(resource, names, deployment));
  }
  return { resources, outputs: outputsOf(template.outputs, names) };
}

async function create(resource: Resource, names: Names, deployment: Deployment): Promise<Created> {
  const path = `Resources.${resource.id}`;
  const creator = CREATORS.get(resource.type);
  if (!creator) throw new FieldError(path, `the type ${resource.type} is not understood`);
  const properties = fields(resolve(resource.properties, names, path), path);
  try {
    const act = creator(properties, contextFor(resource, deployment));
    properties.done();
    return await act();
  } catch (cause) {
    if (cause instanceof FieldError) throw cause;
    const problem = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new Error(`${deployment.stackName}: ${resource.id} (${resource.type}) failed: ${problem}`, {
      cause,
    });
  }
}

function contextFor(resource: Resource, deployment: Deployment): CreationContext {
  const { cloud, logs, accountId, region, stackName, assetFolder } = deployment;
  // CloudFormation calls on behalf of whoever deploys; CloudTrail shows its name as the user agent.
  const as: Caller = {
    ...deployment.as,
    context: { ...deployment.as.context, 'aws:CalledVia': 'cloudformation.amazonaws.com' },
  };
  return {
    logs,
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

function pseudoParameters({ accountId, region, stackName }: Deployment): [string, string][] {
  const partition = partitionOfRegion(region);
  const stackId = `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stackName}/local`;
  return [
    ['AWS::AccountId', accountId],
    ['AWS::Region', region],
    ['AWS::Partition', partition],
    ['AWS::URLSuffix', PARTITIONS[partition].dnsSuffix],
    ['AWS::StackName', stackName],
    ['AWS::StackId', stackId],
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
