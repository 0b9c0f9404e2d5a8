import { type CreateStateMachineInput, InvalidDefinition } from '@aws-sdk/client-sfn';
import type { Definition, Machine } from '../asl/definition.ts';
import { parseDefinition } from '../asl/parse-definition.ts';
import { ServiceError } from '../cloud.ts';
import { FieldError } from '../fields.ts';
import { isKnownResource } from './states-tasks.ts';

export interface StateMachine {
  readonly arn: string;
  readonly name: string;
  readonly accountId: string;
  readonly region: string;
  readonly roleArn: string;
  readonly source: string;
  readonly definition: Definition;
  readonly creationDate: Date;
}

/** Parses and checks; throws InvalidDefinition where anything in it would not be performed. */
export function readDefinition(source: string): Definition {
  try {
    const definition = parseDefinition(source);
    checkResources(definition);
    return definition;
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw new InvalidDefinition({
      message: `Invalid State Machine Definition: ${error.message}`,
      $metadata: {},
    });
  }
}

function checkResources(machine: Machine): void {
  for (const state of machine.states.values()) {
    if (state.type === 'Parallel') for (const branch of state.branches) checkResources(branch);
    if (state.type === 'Map') checkResources(state.processor);
    if (state.type === 'Task' && !isKnownResource(state.resource)) {
      throw new FieldError(`${state.name}.Resource`, `${state.resource} is not performed by the sandbox`);
    }
  }
}

/** Refuses what would change how a state machine runs or what it keeps, and is not done here. */
export function checkOptions(input: CreateStateMachineInput): void {
  const refused = [
    (input.type ?? 'STANDARD') !== 'STANDARD' && 'type',
    input.publish && 'publish',
    input.loggingConfiguration?.includeExecutionData && 'loggingConfiguration.includeExecutionData',
    input.tracingConfiguration?.enabled && 'tracingConfiguration',
    input.encryptionConfiguration && 'encryptionConfiguration',
  ].filter((name) => typeof name === 'string');
  if (refused.length > 0) {
    throw new ServiceError('ValidationException', `Not supported by the sandbox: ${refused.join(', ')}`);
  }
}
