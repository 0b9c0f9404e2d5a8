import type { CreateStateMachineOutput } from '@aws-sdk/client-sfn';
import { FieldError, type Fields, fields } from '../fields.ts';
import { type Creator, present } from './creator.ts';

export const STATES_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::StepFunctions::StateMachine': (properties, { invoke, physicalName }) => {
    const name = properties.optional('StateMachineName', 'string') ?? physicalName(80);
    const input = present({
      name,
      definition: definitionOf(properties),
      roleArn: properties.required('RoleArn', 'string'),
      type: properties.optional('StateMachineType', 'string'),
      loggingConfiguration: loggingOf(properties),
    });
    return async () => {
      const { stateMachineArn = '' } = await invoke<CreateStateMachineOutput>(
        'states',
        'CreateStateMachine',
        input,
      );
      return {
        ref: stateMachineArn,
        attributes: { Arn: stateMachineArn, Name: name },
        remove: () => invoke('states', 'DeleteStateMachine', { stateMachineArn }),
      };
    };
  },
};

function loggingOf(properties: Fields): object | undefined {
  const given = properties.optional('LoggingConfiguration', 'object');
  if (!given) return undefined;
  const logging = fields(given, `${properties.path}.LoggingConfiguration`);
  const destinations = logging.required('Destinations', 'array').map((value) => {
    const destination = fields(value, `${logging.path}.Destinations`);
    const group = fields(destination.required('CloudWatchLogsLogGroup', 'object'), destination.path);
    const logGroupArn = group.required('LogGroupArn', 'string');
    group.done();
    destination.done();
    return { cloudWatchLogsLogGroup: { logGroupArn } };
  });
  const level = logging.required('Level', 'string');
  const includeExecutionData = logging.optional('IncludeExecutionData', 'boolean') ?? false;
  logging.done();
  return { destinations, level, includeExecutionData };
}

/** The definition with its `${…}` replaced; one without a value, or a value without a use, is refused. */
function definitionOf(properties: Fields): string {
  const text = properties.optional('DefinitionString', 'string');
  const object = properties.optional('Definition', 'object');
  if ((text === undefined) === (object === undefined)) {
    throw new FieldError(properties.path, 'expected either DefinitionString or Definition');
  }
  const source = text ?? JSON.stringify(object);
  const substitutions = properties.optional('DefinitionSubstitutions', 'object') ?? {};
  const used = new Set<string>();
  const definition = source.replace(/\$\{([A-Za-z0-9_]+)\}/g, (_, name: string) => {
    const value = substitutions[name];
    if (value === undefined) throw new FieldError(`${properties.path}.DefinitionSubstitutions`, `no ${name}`);
    used.add(name);
    // Inside a JSON string.
    return JSON.stringify(String(value)).slice(1, -1);
  });
  const unused = Object.keys(substitutions).find((name) => !used.has(name));
  if (unused) throw new FieldError(`${properties.path}.DefinitionSubstitutions.${unused}`, 'is not used');
  return definition;
}
