/** The workflows' definitions, as CloudFormation would fill them in. */
import { readFileSync } from 'node:fs';
import { FUNCTION_NAMES, type FunctionName, type WorkflowName } from '../core/naming.ts';
import type { Workflow } from '../lambdas/ports.ts';
import type { Definition } from '../sandbox/asl/definition.ts';
import { parseDefinition } from '../sandbox/asl/parse-definition.ts';
import { FACTORY_ACCOUNT } from './settings.ts';

export const WORKFLOWS: readonly Workflow[] = ['create-role', 'delete-role'];
export const START_EXECUTION = 'arn:aws:states:::states:startExecution';

export const functionArn = (name: FunctionName): string =>
  `arn:aws:lambda:us-east-1:${FACTORY_ACCOUNT}:function:oidc-factory-${name}`;
export const stateMachineArn = (workflow: WorkflowName): string =>
  `arn:aws:states:us-east-1:${FACTORY_ACCOUNT}:stateMachine:oidc-factory-${workflow}`;

const placeholderOf = (name: FunctionName) =>
  `${name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}FunctionArn`;

const SUBSTITUTIONS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(FUNCTION_NAMES.map((name) => [placeholderOf(name), functionArn(name)])),
  DeleteRoleStateMachineArn: stateMachineArn('delete-role'),
  Partition: 'aws',
};

/** The text of a definition, without placeholders. */
export function definitionText(workflow: WorkflowName): string {
  const source = readFileSync(new URL(`../statemachines/${workflow}.asl.json`, import.meta.url), 'utf8');
  return source.replace(/\$\{(\w+)\}/g, (_, name: string) => SUBSTITUTIONS[name] ?? _);
}

export type Definitions = Readonly<Record<Workflow, Definition>>;

export const DEFINITIONS: Definitions = {
  'create-role': parseDefinition(definitionText('create-role')),
  'delete-role': parseDefinition(definitionText('delete-role')),
  'enrol-account': parseDefinition(definitionText('enrol-account')),
};
