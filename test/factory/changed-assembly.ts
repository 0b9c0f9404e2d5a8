/** Copies of what would be deployed, with one thing changed. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// biome-ignore lint/suspicious/noExplicitAny: templates and definitions are changed as they are
type Json = any;

/** Changes an assembly in its folder. Each throws where it finds nothing to change. */
export type Change = (dir: string) => void;

/** Makes the copy; `remove` deletes it. */
export function changedAssembly(from: string, to: string, ...changes: readonly Change[]): { remove(): void } {
  cpSync(from, to, { recursive: true });
  for (const change of changes) change(to);
  return { remove: () => rmSync(to, { recursive: true, force: true }) };
}

/** Takes one action out of an inline policy of a role. */
export const withoutAction =
  (stack: string, role: string, action: string): Change =>
  (dir) =>
    inTemplate(dir, stack, (resources) => {
      const { Policies } = resourceOf(resources, 'AWS::IAM::Role', role);
      const statements = Policies.flatMap(({ PolicyDocument }: Json) => PolicyDocument.Statement);
      const statement = statements.find(
        (one: Json) => one.Effect === 'Allow' && [one.Action].flat().includes(action),
      );
      if (!statement) throw new Error(`${role} does not allow ${action}`);
      const left = [statement.Action].flat().filter((one: string) => one !== action);
      // A statement needs an action: this one allows nothing that matters here.
      statement.Action = left.length > 0 ? left : 'sts:GetCallerIdentity';
    });

/** Takes the Retry off a state of a workflow. */
export const withoutRetry =
  (stack: string, stateMachine: string, state: string): Change =>
  (dir) =>
    inTemplate(dir, stack, (resources) => {
      const properties = resourceOf(resources, 'AWS::StepFunctions::StateMachine', stateMachine);
      const definition = JSON.parse(properties.DefinitionString);
      if (!definition.States[state]?.Retry) throw new Error(`${state} has no Retry`);
      delete definition.States[state].Retry;
      properties.DefinitionString = JSON.stringify(definition);
    });

/** Puts other code in the place of a function's bundle. */
export const withCode =
  (stack: string, name: string, code: string): Change =>
  (dir) =>
    inTemplate(dir, stack, (resources) => {
      const { Code } = resourceOf(resources, 'AWS::Lambda::Function', name);
      const hash = String(Code.S3Key).replace('.zip', '');
      const folder = readdirSync(dir).find((entry) => entry === `asset.${hash}`);
      if (!folder) throw new Error(`${name} has no bundle`);
      writeFileSync(join(dir, folder, 'index.js'), code);
    });

function inTemplate(dir: string, stack: string, change: (resources: Json) => void): void {
  const file = join(dir, `${stack}.template.json`);
  const template = JSON.parse(readFileSync(file, 'utf8'));
  change(template.Resources);
  writeFileSync(file, JSON.stringify(template));
}

/** Properties of the resource whose logical id is the name and CDK's hash. */
function resourceOf(resources: Json, type: string, name: string): Json {
  const found = Object.entries<Json>(resources).find(
    ([id, resource]) => resource.Type === type && id.slice(0, -8) === name,
  );
  if (!found) throw new Error(`There is no ${type} ${name}`);
  return found[1].Properties;
}
