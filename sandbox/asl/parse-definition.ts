/** Reads Amazon States Language with JSONata. What the interpreter does not interpret is refused by its path. */

import { FieldError, type Fields, fields } from '../fields.ts';
import { checkMachine } from './check-machine.ts';
import {
  type Choice,
  type Definition,
  isSeconds,
  MAX_SECONDS,
  type Machine,
  type State,
  type WaitState,
} from './definition.ts';
import { readGuarded, readNext, readTemplate } from './guarded.ts';
import { readLeaving } from './leaving.ts';
import { readMap } from './read-map.ts';
import { compileTemplate, isExpression, type Template } from './template.ts';

const MAX_NAME = 80;

/** Takes the definition as JSON text or parsed. Throws a {@link FieldError} that names the path. */
export function parseDefinition(source: string | object): Definition {
  const root = fields(typeof source === 'string' ? parseJson(source) : source, '$');
  root.optional('Comment', 'string');
  if ((root.optional('Version', 'string') ?? '1.0') !== '1.0') {
    throw new FieldError('$.Version', 'expected 1.0');
  }
  if (root.optional('QueryLanguage', 'string') !== 'JSONata') {
    throw new FieldError('$.QueryLanguage', 'only JSONata is interpreted');
  }
  const definition = readMachine(root);
  checkMachine(definition, '$');
  return definition;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FieldError('$', `not JSON: ${(error as SyntaxError).message}`);
  }
}

function readMachine(root: Fields): Machine {
  const startAt = root.required('StartAt', 'string');
  const states = Object.entries(root.required('States', 'object')).map(([name, value]) => {
    const path = `${root.path}.States.${name}`;
    if (name.length > MAX_NAME) throw new FieldError(path, `a name has at most ${MAX_NAME} characters`);
    return [name, readState(name, fields(value, path))] as const;
  });
  root.done();
  return { startAt, states: new Map(states) };
}

function readState(name: string, raw: Fields): State {
  const type = raw.required('Type', 'string');
  raw.optional('Comment', 'string');
  if ((raw.optional('QueryLanguage', 'string') ?? 'JSONata') !== 'JSONata') {
    throw new FieldError(`${raw.path}.QueryLanguage`, 'only JSONata is interpreted');
  }
  const state = readByType(type, name, raw);
  raw.done();
  return state;
}

function readByType(type: string, name: string, raw: Fields): State {
  const ending = { name, next: undefined, output: undefined, assign: undefined, variables: [] };
  switch (type) {
    case 'Task':
      return {
        type,
        name,
        resource: raw.required('Resource', 'string'),
        timeoutSeconds: readSeconds(raw, 'TimeoutSeconds', 1),
        arguments: readTemplate(raw, 'Arguments'),
        ...readGuarded(raw),
      };
    case 'Parallel':
      return {
        type,
        name,
        branches: readBranches(raw),
        arguments: readTemplate(raw, 'Arguments'),
        ...readGuarded(raw),
      };
    case 'Map':
      return { type, ...readMap(name, raw, readMachine) };
    case 'Pass':
      return { type, name, next: readNext(raw), ...readLeaving(raw, []) };
    case 'Wait':
      return { type, name, until: readUntil(raw), next: readNext(raw), ...readLeaving(raw, []) };
    case 'Choice':
      return {
        type,
        name,
        choices: readChoices(raw),
        next: raw.optional('Default', 'string'),
        ...readLeaving(raw, []),
      };
    case 'Succeed':
      return { ...ending, type, output: readTemplate(raw, 'Output') };
    case 'Fail':
      return { ...ending, type, error: readText(raw, 'Error'), cause: readText(raw, 'Cause') };
    default:
      throw new FieldError(`${raw.path}.Type`, `${type} is not interpreted`);
  }
}

function readBranches(raw: Fields): Machine[] {
  const branches = raw.required('Branches', 'array');
  if (branches.length === 0) throw new FieldError(`${raw.path}.Branches`, 'must not be empty');
  return branches.map((value, index) => {
    const branch = fields(value, `${raw.path}.Branches[${index}]`);
    branch.optional('Comment', 'string');
    return readMachine(branch);
  });
}

function readChoices(raw: Fields): Choice[] {
  const choices = raw.required('Choices', 'array');
  if (choices.length === 0) throw new FieldError(`${raw.path}.Choices`, 'must not be empty');
  return choices.map((value, index) => {
    const choice = fields(value, `${raw.path}.Choices[${index}]`);
    choice.optional('Comment', 'string');
    const condition = choice.required('Condition', 'any');
    if (typeof condition !== 'boolean' && !isExpression(condition)) {
      throw new FieldError(`${choice.path}.Condition`, 'expected true, false or JSONata');
    }
    const read = {
      condition: compileTemplate(condition, `${choice.path}.Condition`, []),
      next: choice.required('Next', 'string'),
      ...readLeaving(choice, []),
    };
    choice.done();
    return read;
  });
}

function readUntil(raw: Fields): WaitState['until'] {
  const seconds = readSeconds(raw, 'Seconds', 0);
  const timestamp = readText(raw, 'Timestamp');
  if (seconds && !timestamp) return { unit: 'Seconds', value: seconds };
  if (timestamp && !seconds) return { unit: 'Timestamp', value: timestamp };
  throw new FieldError(raw.path, 'expected either Seconds or Timestamp');
}

function readSeconds(raw: Fields, name: string, min: number): Template | undefined {
  const value = raw.optional(name, 'any');
  if (value === undefined) return undefined;
  if (!isExpression(value) && !isSeconds(value, min)) {
    throw new FieldError(`${raw.path}.${name}`, `expected JSONata or ${min} to ${MAX_SECONDS}`);
  }
  return compileTemplate(value, `${raw.path}.${name}`, []);
}

function readText(raw: Fields, name: string): Template | undefined {
  const value = raw.optional(name, 'string');
  return value === undefined ? undefined : compileTemplate(value, `${raw.path}.${name}`, []);
}
