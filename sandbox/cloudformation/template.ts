/** The parts of a template that the sandbox understands; it refuses the others. */
import { FieldError, type Fields, fields } from '../fields.ts';

export interface Resource {
  readonly id: string;
  readonly type: string;
  /** Unresolved. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly dependsOn: readonly string[];
  readonly condition: string | undefined;
  /** Stays when its stack is deleted. */
  readonly retained: boolean;
}

export interface Template {
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly assertions: readonly Assertion[];
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Of a rule: what must hold before anything is created. */
interface Assertion {
  readonly path: string;
  readonly assert: unknown;
  readonly description: string | undefined;
}

interface Parameter {
  readonly default: string | undefined;
  readonly allowed: readonly string[] | undefined;
}

/** Throws a {@link FieldError} at the first thing that the sandbox would not do. */
export function parseTemplate(source: unknown): Template {
  const root = fields(source, 'Template');
  root.optional('AWSTemplateFormatVersion', 'string');
  root.optional('Description', 'string');
  root.optional('Metadata', 'object');
  const template = {
    parameters: new Map(
      Object.entries(root.optional('Parameters', 'object') ?? {}).map(([name, value]) => [
        name,
        parseParameter(fields(value, `Parameters.${name}`)),
      ]),
    ),
    conditions: root.optional('Conditions', 'object') ?? {},
    assertions: Object.entries(root.optional('Rules', 'object') ?? {}).flatMap(([name, value]) =>
      parseRule(fields(value, `Rules.${name}`)),
    ),
    resources: Object.entries(root.required('Resources', 'object')).map(([id, value]) =>
      parseResource(id, fields(value, `Resources.${id}`)),
    ),
    outputs: root.optional('Outputs', 'object') ?? {},
  };
  root.done();
  return template;
}

function parseParameter(raw: Fields): Parameter {
  const type = raw.required('Type', 'string');
  if (type !== 'String') throw new FieldError(`${raw.path}.Type`, `${type} is not understood`);
  raw.optional('Description', 'string');
  const parameter = {
    default: raw.optional('Default', 'string'),
    allowed: raw.optional('AllowedValues', 'array')?.map(String),
  };
  raw.done();
  return parameter;
}

function parseRule(raw: Fields): Assertion[] {
  const assertions = raw.required('Assertions', 'array').map((value, index) => {
    const assertion = fields(value, `${raw.path}.Assertions[${index}]`);
    const parsed = {
      path: assertion.path,
      assert: assertion.required('Assert', 'object'),
      description: assertion.optional('AssertDescription', 'string'),
    };
    assertion.done();
    return parsed;
  });
  raw.done();
  return assertions;
}

function parseResource(id: string, raw: Fields): Resource {
  const dependsOn = raw.optional('DependsOn', 'any') ?? [];
  const resource = {
    id,
    type: raw.required('Type', 'string'),
    properties: raw.optional('Properties', 'object') ?? {},
    dependsOn: (Array.isArray(dependsOn) ? dependsOn : [dependsOn]).map(String),
    condition: raw.optional('Condition', 'string'),
    retained: isRetained(raw),
  };
  // Nothing is updated here, so these say nothing.
  for (const inert of ['UpdateReplacePolicy', 'Metadata']) raw.optional(inert, 'any');
  raw.done();
  return resource;
}

function isRetained(raw: Fields): boolean {
  const policy = raw.optional('DeletionPolicy', 'string') ?? 'Delete';
  if (policy === 'Delete') return false;
  if (policy === 'Retain' || policy === 'RetainExceptOnCreate') return true;
  throw new FieldError(`${raw.path}.DeletionPolicy`, `${policy} is not understood`);
}

/** Values of all parameters: those given, and defaults. Throws where one is missing, unknown or not allowed. */
export function parameterValues(
  template: Template,
  given: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  for (const name of Object.keys(given)) {
    if (!template.parameters.has(name)) throw new FieldError(`Parameters.${name}`, 'does not exist');
  }
  return new Map(
    [...template.parameters].map(([name, { default: otherwise, allowed }]) => {
      const value = given[name] ?? otherwise;
      if (value === undefined) throw new FieldError(`Parameters.${name}`, 'no value');
      if (allowed && !allowed.includes(value))
        throw new FieldError(`Parameters.${name}`, `not allowed: ${value}`);
      return [name, value];
    }),
  );
}
