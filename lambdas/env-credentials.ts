/**
 * Takes the place of `@aws-sdk/credential-provider-node` in the bundles: a function's credentials are always in its
 * environment, and the SDK's default chain (profiles, SSO, instance metadata, …) costs 131 kB and a quarter of the
 * start-up time. Lambda ends an environment before its credentials expire, so they are read once.
 */
import { FactoryError } from '../core/errors.ts';

interface EnvironmentCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** A provider of the credentials of the function's role. It fails with InvalidSettings where there are none. */
export const defaultProvider = () => async (): Promise<EnvironmentCredentials> => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY || !AWS_SESSION_TOKEN) {
    throw new FactoryError(
      'InvalidSettings',
      'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: expected the credentials of the function',
    );
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
  };
};
