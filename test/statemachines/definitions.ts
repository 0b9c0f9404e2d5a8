import { readFileSync } from 'node:fs';

export type Workflow = 'create-role' | 'delete-role' | 'enrol-account' | 'sweep';
export const WORKFLOWS: readonly Workflow[] = ['create-role', 'delete-role', 'enrol-account', 'sweep'];

export const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:111122223333:function:oidc-factory-';
export const DELETE_ROLE_ARN = 'arn:aws:states:us-east-1:111122223333:stateMachine:oidc-factory-delete-role';

/** `InspectRoleFunctionArn` to the ARN of `oidc-factory-inspect-role`. */
function substitute(name: string): string {
  if (name === 'Partition') return 'aws';
  if (name === 'DeleteRoleStateMachineArn') return DELETE_ROLE_ARN;
  const fn = /^(\w+)FunctionArn$/.exec(name)?.[1];
  if (!fn) throw new Error(`unknown placeholder ${name}`);
  return FUNCTION_ARN + fn.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}

/** The definition as deployed: JSON text with its placeholders replaced. */
export function definitionOf(workflow: Workflow): string {
  const file = new URL(`../../statemachines/${workflow}.asl.json`, import.meta.url);
  return readFileSync(file, 'utf8').replace(/\$\{(\w+)\}/g, (_, name: string) => substitute(name));
}

export interface RawState {
  readonly Type: string;
  readonly Comment?: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[]; readonly [field: string]: unknown }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Comment?: string }[];
  readonly Branches?: readonly { readonly States: Readonly<Record<string, RawState>> }[];
  readonly ItemProcessor?: { readonly States: Readonly<Record<string, RawState>> };
}

/** Every state with its name, those of branches and maps too. */
export function statesOf(states: Readonly<Record<string, RawState>>): [string, RawState][] {
  return Object.entries(states).flatMap(([name, state]) => [
    [name, state] as [string, RawState],
    ...(state.Branches ?? []).flatMap((branch) => statesOf(branch.States)),
    ...(state.ItemProcessor ? statesOf(state.ItemProcessor.States) : []),
  ]);
}
