/** AWS CloudFormation, as far as creating a stack from a template in the request and deleting it go. */
import { type ServiceCall, type ServiceDefinition, ServiceError } from '../cloud.ts';
import { parseTemplate, type Resource } from '../cloudformation/template.ts';
import { FieldError } from '../fields.ts';
import type { StackPlace, Stacks } from '../stacks.ts';
import type { AwsCloud } from './cloud.ts';
import { arnOf } from './regional.ts';

interface CreateStackInput {
  readonly StackName: string;
  readonly TemplateBody?: string;
  readonly Parameters?: readonly { readonly ParameterKey?: string; readonly ParameterValue?: string }[];
  readonly Capabilities?: readonly string[];
}

/** What is under way with a stack, or went wrong; one that is complete has no record. */
interface Change extends StackPlace {
  readonly status: string;
  readonly reason?: string;
}

/** The longest template that a request may carry itself. */
const MAX_BODY = 51_200;
/** Of resources that need a capability, the property that names them. */
const NAMED: Readonly<Record<string, string | undefined>> = {
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Policy': undefined,
};

export function createCloudFormation(cloud: AwsCloud, stacks: Stacks): ServiceDefinition {
  const createdAt = new Date(cloud.time.now());
  const changes = new Map<string, Change>();

  /** By name or id, once the call is allowed. */
  function authorized(nameOrId: string, call: ServiceCall): StackPlace & { id: string } {
    const name = /:stack\/([^/]+)\//.exec(nameOrId)?.[1] ?? nameOrId;
    const { accountId } = call.caller;
    const id = arnOf('cloudformation', call.region, accountId, `stack/${name}/local`);
    call.authorize({ action: `cloudformation:${call.operation}`, resource: id });
    return { name, accountId, region: call.region, id };
  }

  const stackAt = ({ name, accountId, region }: StackPlace) =>
    stacks.all.find((one) => one.name === name && one.accountId === accountId && one.region === region);

  /** Goes on after the answer, as on AWS: DescribeStacks tells how it ends. */
  function begin(
    id: string,
    place: StackPlace,
    what: 'CREATE' | 'DELETE',
    act: () => Promise<unknown>,
  ): void {
    changes.set(id, { ...place, status: `${what}_IN_PROGRESS` });
    act().then(
      () => changes.delete(id),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        const status = what === 'CREATE' ? 'ROLLBACK_COMPLETE' : 'DELETE_FAILED';
        changes.set(id, { ...place, status, reason });
      },
    );
  }

  const shown = (place: StackPlace) => {
    const id = arnOf('cloudformation', place.region, place.accountId, `stack/${place.name}/local`);
    const { status = 'CREATE_COMPLETE', reason } = changes.get(id) ?? {};
    return {
      StackId: id,
      StackName: place.name,
      CreationTime: createdAt,
      StackStatus: status,
      ...(reason !== undefined && { StackStatusReason: reason }),
      Outputs: Object.entries(stackAt(place)?.outputs ?? {}).map(([OutputKey, OutputValue]) => ({
        OutputKey,
        OutputValue,
      })),
    };
  };

  return {
    id: 'cloudformation',
    operations: {
      CreateStack(input: CreateStackInput, call) {
        const { id, ...place } = authorized(input.StackName, call);
        if (!/^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(input.StackName)) throw invalid('stackName is not valid');
        if (stackAt(place) || changes.has(id)) {
          throw new ServiceError('AlreadyExistsException', `Stack [${place.name}] already exists`);
        }
        const template = readTemplate(input);
        const parameters = Object.fromEntries(
          (input.Parameters ?? []).map(({ ParameterKey = '', ParameterValue = '' }) => [
            ParameterKey,
            ParameterValue,
          ]),
        );
        begin(id, place, 'CREATE', () => stacks.deploy({ ...place, template, parameters, as: call.caller }));
        return { StackId: id };
      },

      DeleteStack(input: { StackName: string }, call) {
        const { id, ...place } = authorized(input.StackName, call);
        const { status } = changes.get(id) ?? {};
        if (status?.endsWith('_IN_PROGRESS')) throw invalid(`Stack [${place.name}] is ${status}`);
        // Of a roll-back nothing is left but its record; that there is no such stack is no error.
        if (stackAt(place)) begin(id, place, 'DELETE', () => stacks.remove(place));
        else changes.delete(id);
        return {};
      },

      DescribeStacks({ StackName }: { StackName?: string }, call) {
        const place = authorized(StackName ?? '*', call);
        const { accountId, region } = place;
        const known: readonly StackPlace[] = [...stacks.all, ...changes.values()];
        const own = known.filter((one) => one.accountId === accountId && one.region === region);
        const names = [...new Set(own.map(({ name }) => name))];
        const wanted = names.filter((name) => StackName === undefined || name === place.name);
        if (StackName !== undefined && wanted.length === 0) {
          throw invalid(`Stack with id ${StackName} does not exist`);
        }
        return { Stacks: wanted.map((name) => shown({ name, accountId, region })) };
      },
    },
  };
}

function readTemplate({ TemplateBody = '', Capabilities = [] }: CreateStackInput): object {
  if (Buffer.byteLength(TemplateBody) > MAX_BODY) {
    throw invalid(`Member must have length less than or equal to ${MAX_BODY} at 'templateBody'`);
  }
  try {
    const template = JSON.parse(TemplateBody) as object;
    const needed = capabilityFor(parseTemplate(template).resources);
    if (needed !== undefined && !Capabilities.includes(needed)) {
      throw new ServiceError('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`);
    }
    return template;
  } catch (error) {
    if (!(error instanceof FieldError) && !(error instanceof SyntaxError)) throw error;
    throw invalid(`Template format error: ${error.message} (the sandbox reads JSON)`);
  }
}

function capabilityFor(resources: readonly Resource[]): string | undefined {
  const access = resources.filter(({ type }) => Object.hasOwn(NAMED, type));
  const named = access.some(({ type, properties }) => Object.hasOwn(properties, NAMED[type] ?? ''));
  if (named) return 'CAPABILITY_NAMED_IAM';
  return access.length > 0 ? 'CAPABILITY_IAM' : undefined;
}

const invalid = (message: string) => new ServiceError('ValidationError', message);
