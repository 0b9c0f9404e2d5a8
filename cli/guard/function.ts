/** The guard's function of a deployed factory, by its fixed name. */
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GUARD_FUNCTION } from '../../core/naming.ts';
import { type AwsOptions, clientConfig, lookingUp } from '../aws.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { knownFactoryIfAny } from '../settings.ts';

export interface GuardOptions extends AwsOptions {
  readonly config?: string;
}

/** The options with the factory's region where none is given, and the name of the function. */
export function guardFunction<O extends GuardOptions>(options: O): { options: O; name: string } {
  const config = knownFactoryIfAny(options.config === undefined ? {} : { config: options.config })?.config;
  const region = options.region ?? config?.factory.region;
  return {
    options: { ...options, ...(region && { region }) },
    name: `${config?.prefix ?? 'oidc-factory'}-${GUARD_FUNCTION}`,
  };
}

export const guardNotFound = (name: string): CommandFailure =>
  new CommandFailure('refused', 'GuardNotFound', `There is no function ${name} in this account and region`, {
    remedy:
      'Use credentials of the factory account (--profile) and its region (--region, or --config); the guard is deployed where the config asks for it.',
  });

/** What the function was deployed with. */
export async function guardVariables(io: Io, given: GuardOptions): Promise<Readonly<Record<string, string>>> {
  const { options, name } = guardFunction(given);
  const lambda = new LambdaClient(clientConfig(io, options));
  const found = await lookingUp(`lambda:GetFunctionConfiguration ${name}`, () =>
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name })),
  );
  if (!found) throw guardNotFound(name);
  return found.Environment?.Variables ?? {};
}
