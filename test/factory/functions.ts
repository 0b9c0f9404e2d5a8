/** The factory's functions, as an administrator of its account finds them. */
import type { FunctionConfiguration, ListFunctionsResponse } from '@aws-sdk/client-lambda';
import type { FunctionName, GUARD_FUNCTION, NOTIFY_FUNCTION } from '../../core/naming.ts';
import type { Factory } from './harness.ts';

type DeployedFunction = FunctionName | typeof GUARD_FUNCTION | typeof NOTIFY_FUNCTION;

async function call<Output>({ sandbox }: Factory, operation: string, input: object): Promise<Output> {
  const { aws, world, administrator } = sandbox;
  const { caller } = administrator(world.factoryAccountId);
  return aws.cloud.invoke<Output>('lambda', operation, input, caller, world.region);
}

/** CloudFormation names functions and log groups; the role's name is fixed. */
export async function functionOf(factory: Factory, name: DeployedFunction): Promise<FunctionConfiguration> {
  const { Functions = [] } = await call<ListFunctionsResponse>(factory, 'ListFunctions', {});
  const found = Functions.find(({ Role }) => Role?.endsWith(`:role/oidc-factory-${name}`));
  if (!found) throw new Error(`There is no function ${name}`);
  return found;
}

/** Every process of the function dies; the next invocation starts cold. */
export async function crash(factory: Factory, name: DeployedFunction): Promise<void> {
  const { FunctionArn = '' } = await functionOf(factory, name);
  await factory.sandbox.aws.lambda.crash(FunctionArn);
}

/** Gives a function another value of a variable; resolves to what gives it the former one back. */
export async function configure(
  factory: Factory,
  name: DeployedFunction,
  variable: string,
  value: string,
): Promise<() => Promise<void>> {
  const { FunctionName, Environment: { Variables = {} } = {} } = await functionOf(factory, name);
  if (!Object.hasOwn(Variables, variable)) throw new Error(`${name} has no variable ${variable}`);
  const set = async (variables: Record<string, string>) => {
    await call(factory, 'UpdateFunctionConfiguration', {
      FunctionName,
      Environment: { Variables: variables },
    });
  };
  await set({ ...Variables, [variable]: value });
  return () => set(Variables);
}

/** As {@link configure}, for every function alike. Nothing of the product changes its durations while it runs. */
export async function configureAll(
  factory: Factory,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const { Functions = [] } = await call<ListFunctionsResponse>(factory, 'ListFunctions', {});
  for (const { FunctionName, Environment: { Variables = {} } = {} } of Functions) {
    const input = { FunctionName, Environment: { Variables: { ...Variables, ...variables } } };
    await call(factory, 'UpdateFunctionConfiguration', input);
  }
}
