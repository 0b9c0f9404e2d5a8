/** The client secret's place in Secrets Manager, for tenants or accounts that allow no federation. */
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type AwsOptions, calling, clientConfig, lookingUp } from '../aws.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';

export interface SecretStore {
  /** Ids of its versions, without reading any of them. */
  versions(): Promise<{ readonly current: string | undefined; readonly all: readonly string[] }>;
  /** Makes it the current version, whose id is that of the password. */
  put(keyId: string, secret: string): Promise<void>;
}

export function secretStore(io: Io, options: AwsOptions, SecretId: string): SecretStore {
  const client = new SecretsManagerClient(clientConfig(io, options));
  return {
    async versions() {
      const found = await lookingUp(`secretsmanager:DescribeSecret ${SecretId}`, () =>
        client.send(new DescribeSecretCommand({ SecretId })),
      );
      if (!found) {
        throw new CommandFailure('refused', 'SecretNotFound', `There is no secret ${SecretId}`, {
          remedy: 'Make it (aws secretsmanager create-secret) and put its ARN into entra.login.secretArn.',
        });
      }
      const versions = Object.entries(found.VersionIdsToStages ?? {});
      return {
        current: versions.find(([, stages]) => stages?.includes('AWSCURRENT'))?.[0],
        all: versions.map(([id]) => id),
      };
    },
    put: (ClientRequestToken, SecretString) =>
      calling(`secretsmanager:PutSecretValue ${SecretId}`, async () => {
        await client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString }));
      }),
  };
}
