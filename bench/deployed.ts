/** The functions as they would be deployed: their bundles, and the variables of the template. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configFor } from '../bin/local.ts';
import { functionRoleName, ROLE_FUNCTION_NAMES, type RoleFunctionName } from '../core/naming.ts';
import { FACTORY_STACK, synthesize } from '../lib/app.ts';
import { bundleFunctions, FUNCTIONS } from '../lib/bundling.ts';
import { readAssembly } from '../sandbox/assembly.ts';
import { bundleByDefault } from './default-bundling.ts';
import { WORLD } from './scene.ts';
import { accessKeyOf, type Services } from './services.ts';

export interface Deployed {
  /** Files to load: as deployed, as CDK would bundle the same code, and a handler that does nothing. */
  readonly recipe: Readonly<Record<RoleFunctionName, string>>;
  readonly byDefault: Readonly<Record<RoleFunctionName, string>>;
  readonly empty: string;
  /** The whole environment of a function's process. */
  environment(name: RoleFunctionName, services: Services): Record<string, string>;
  remove(): void;
}

/** What CloudFormation would put where the template refers to a resource. */
const STAND_INS: Readonly<Record<string, string>> = {
  LEDGER_TABLE: 'oidc-factory-ledger',
  CREATE_ROLE_STATE_MACHINE_ARN: stateMachine('create-role'),
  DELETE_ROLE_STATE_MACHINE_ARN: stateMachine('delete-role'),
  ENROL_ACCOUNT_STATE_MACHINE_ARN: stateMachine('enrol-account'),
};

function stateMachine(name: string): string {
  return `arn:aws:states:${WORLD.region}:${WORLD.factoryAccountId}:stateMachine:oidc-factory-${name}`;
}

/** Lambda has its SDK in a folder of NODE_PATH; here it is the project's, from a page cache that is warm. */
const NODE_PATH = join(import.meta.dirname, '..', 'node_modules');

export const logsInToEntra = (name: RoleFunctionName): boolean =>
  FUNCTIONS.some((one) => one.name === name && one.needsEntra);

export function deploy(): Deployed {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-bench-'));
  synthesize(configFor(WORLD), join(folder, 'assembly'));
  const variables = variablesIn(join(folder, 'assembly'));
  const empty = join(folder, 'empty.js');
  writeFileSync(empty, 'exports.handler = async () => {};\n');
  bundleFunctions(join(folder, 'recipe'));
  bundleByDefault(join(folder, 'default'));
  return {
    recipe: filesIn(join(folder, 'recipe')),
    byDefault: filesIn(join(folder, 'default')),
    empty,
    environment: (name, { origin, caFile }) => ({
      ...variables.get(name),
      AWS_REGION: WORLD.region,
      AWS_ACCESS_KEY_ID: accessKeyOf(name),
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      AWS_ENDPOINT_URL: origin,
      AZURE_AUTHORITY_HOST: origin,
      GRAPH_ENDPOINT: origin,
      NODE_EXTRA_CA_CERTS: caFile,
      NODE_PATH,
    }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

const filesIn = (folder: string) =>
  Object.fromEntries(ROLE_FUNCTION_NAMES.map((name) => [name, join(folder, name, 'index.js')])) as Record<
    RoleFunctionName,
    string
  >;

interface Resource {
  readonly Type: string;
  readonly Properties: {
    readonly RoleName?: string;
    readonly Role?: { readonly 'Fn::GetAtt': readonly string[] };
    readonly Environment?: { readonly Variables: Readonly<Record<string, unknown>> };
  };
}

/** CloudFormation names functions; the names of their roles are fixed. */
function variablesIn(assemblyDir: string): Map<RoleFunctionName, Record<string, string>> {
  const stack = readAssembly(assemblyDir).stacks.find(({ name }) => name === FACTORY_STACK);
  const { Resources = {} } = (stack?.template ?? {}) as { Resources?: Record<string, Resource> };
  const functions = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return new Map(
    ROLE_FUNCTION_NAMES.map((name) => {
      const found = functions.find(({ Properties: { Role } }) => {
        const role = Resources[Role?.['Fn::GetAtt'][0] ?? ''];
        return role?.Properties.RoleName === functionRoleName('oidc-factory', name);
      });
      if (!found) throw new Error(`The template has no function ${name}`);
      const variables = Object.entries(found.Properties.Environment?.Variables ?? {});
      return [name, Object.fromEntries(variables.map(([key, value]) => [key, resolved(key, value)]))];
    }),
  );
}

function resolved(name: string, value: unknown): string {
  const text = typeof value === 'string' ? value : STAND_INS[name];
  if (text === undefined) throw new Error(`${name}: there is no stand-in for what the template refers to`);
  return text;
}
