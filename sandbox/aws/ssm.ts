/** The parameter store of AWS Systems Manager: plain parameters; `SecureString` needs KMS, which is not here. */

import type * as Ssm from '@aws-sdk/client-ssm';
import {
  ParameterAlreadyExists,
  ParameterNotFound,
  ParameterPatternMismatchException,
  UnsupportedParameterType,
  ValidationException,
} from '@aws-sdk/client-ssm';
import type { Cloud, ServiceCall, ServiceDefinition } from '../cloud.ts';
import { arnOf, given, parseArn, Regional } from './regional.ts';

interface Parameter {
  readonly name: string;
  readonly arn: string;
  readonly type: Ssm.ParameterType;
  readonly value: string;
  readonly version: number;
  readonly modifiedAt: Date;
}

const MAX_LENGTH = 4096;

export function createSsm(cloud: Cloud): ServiceDefinition {
  const regions = new Regional(() => new Map<string, Parameter>());

  /** Name and store of a parameter by its name or ARN, once the call is allowed. */
  function authorized(id: string | undefined, call: ServiceCall) {
    const arn = parseArn(id ?? '');
    const { accountId } = call.caller;
    const parameters = regions.of(accountId, call.region);
    const name = arn ? nameIn(arn.resource, parameters) : (id ?? '');
    const resource = arnOf('ssm', call.region, accountId, `parameter/${name.replace(/^\//, '')}`);
    call.authorize({ action: `ssm:${call.operation}`, resource });
    // Parameters of other accounts are reached through RAM only.
    if (arn && id !== resource) throw unknown();
    return { name, arn: resource, parameters };
  }

  return {
    id: 'ssm',
    operations: {
      PutParameter(input: Ssm.PutParameterRequest, call) {
        const { Value: value = '', Overwrite: overwrite = false, AllowedPattern: pattern } = input;
        const { name, arn, parameters } = authorized(input.Name, call);
        refuse(input, ['KeyId', 'Tags', 'Tier', 'Policies', 'DataType']);
        const existing = parameters.get(name);
        const type = input.Type ?? existing?.type;
        if (!/^\/?[\w.-]+(?:\/[\w.-]+)*$/.test(name)) throw invalid(`Parameter name ${name} is not valid.`);
        if (type === undefined) throw invalid('A parameter type is required when you create a parameter.');
        if (type !== 'String' && type !== 'StringList') {
          const message = `The sandbox does not support parameters of type ${type}.`;
          throw new UnsupportedParameterType({ message, $metadata: {} });
        }
        if (existing && !overwrite) {
          const message = 'The parameter already exists. To overwrite this value, set the overwrite option.';
          throw new ParameterAlreadyExists({ message, $metadata: {} });
        }
        if (value === '' || value.length > MAX_LENGTH) throw invalid('A value has 1 to 4096 characters.');
        if (pattern !== undefined && !new RegExp(pattern).test(value)) {
          const message = 'Parameter value cannot be validated against allowedPattern.';
          throw new ParameterPatternMismatchException({ message, $metadata: {} });
        }
        const version = (existing?.version ?? 0) + 1;
        parameters.set(name, { name, arn, type, value, version, modifiedAt: new Date(cloud.time.now()) });
        return { Version: version, Tier: 'Standard' };
      },

      GetParameter(input: Ssm.GetParameterRequest, call) {
        const { name, parameters } = authorized(input.Name, call);
        const parameter = parameters.get(name);
        if (!parameter) throw unknown();
        return { Parameter: shown(parameter) };
      },

      GetParameters(input: Ssm.GetParametersRequest, call) {
        const { Names = [] } = input;
        if (Names.length < 1 || Names.length > 10) throw invalid('1 to 10 names are allowed.');
        const found = Names.map((id) => {
          const { name, parameters } = authorized(id, call);
          return { id, parameter: parameters.get(name) };
        });
        return {
          Parameters: found.flatMap(({ parameter }) => (parameter ? [shown(parameter)] : [])),
          InvalidParameters: found.filter(({ parameter }) => !parameter).map(({ id }) => id),
        };
      },

      DeleteParameter(input: Ssm.DeleteParameterRequest, call) {
        const { name, parameters } = authorized(input.Name, call);
        if (!parameters.delete(name)) throw unknown();
        return {};
      },
    },
  };
}

/** An ARN does not tell whether the name begins with a slash. */
function nameIn(resource: string, parameters: ReadonlyMap<string, Parameter>): string {
  const path = resource.replace(/^parameter\//, '');
  return parameters.has(`/${path}`) ? `/${path}` : path;
}

const shown = ({ name, arn, type, value, version, modifiedAt }: Parameter) => ({
  Name: name,
  ARN: arn,
  Type: type,
  Value: value,
  Version: version,
  LastModifiedDate: modifiedAt,
  DataType: 'text',
});

function refuse(input: object, members: readonly string[]): void {
  const found = given(input, members);
  if (found.length > 0) throw invalid(`The sandbox does not support ${found.join(', ')} here.`);
}

const unknown = () => new ParameterNotFound({ message: 'The parameter does not exist.', $metadata: {} });
const invalid = (message: string) => new ValidationException({ message, $metadata: {} });
