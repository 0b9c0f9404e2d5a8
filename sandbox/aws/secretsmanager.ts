/** AWS Secrets Manager, as far as a secret is stored, read and renewed. */
import { randomBytes, randomUUID } from 'node:crypto';
import type * as Secrets from '@aws-sdk/client-secrets-manager';
import {
  InvalidParameterException,
  InvalidRequestException,
  ResourceExistsException,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import type { Cloud, ServiceCall, ServiceDefinition } from '../cloud.ts';
import { arnOf, given, parseArn, Regional } from './regional.ts';

interface Version {
  readonly id: string;
  readonly createdAt: Date;
  readonly text?: string;
  readonly binary?: Uint8Array;
}

interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly createdAt: Date;
  /** By stage: `AWSCURRENT`, and after a renewal `AWSPREVIOUS`. */
  readonly stages: Map<string, Version>;
}

export interface SecretsManager extends ServiceDefinition {
  readonly id: 'secretsmanager';
  /** A secret that was there before; its ARN ends with the six characters that AWS adds. */
  seed(arn: string, text: string): void;
}

type SecretValue = Pick<
  Secrets.PutSecretValueRequest,
  'ClientRequestToken' | 'SecretString' | 'SecretBinary'
>;

export function createSecretsManager(cloud: Cloud): SecretsManager {
  const regions = new Regional(() => new Map<string, Secret>());

  /** By name, ARN, or ARN without its random end. Policies are written for the whole ARN. */
  function authorized(id: string | undefined, call: ServiceCall, context?: Record<string, string>): Secret {
    const text = id ?? '';
    const accountId = parseArn(text)?.accountId ?? call.caller.accountId;
    const secret = [...regions.of(accountId, call.region).values()].find(
      ({ name, arn }) => text === name || text === arn || text === arn.slice(0, -7),
    );
    const unknown = text.startsWith('arn:')
      ? text
      : arnOf('secretsmanager', call.region, accountId, `secret:${text}`);
    call.authorize({
      action: `secretsmanager:${call.operation}`,
      resource: secret?.arn ?? unknown,
      resourceAccountId: accountId,
      ...(context && { context }),
    });
    if (secret) return secret;
    throw new ResourceNotFoundException({
      message: "Secrets Manager can't find the specified secret.",
      $metadata: {},
    });
  }

  /** The new version; its id is the request's token, by which a repeated request is known. */
  function versionOf(input: SecretValue): Version {
    const { ClientRequestToken: id = randomUUID(), SecretString: text, SecretBinary: binary } = input;
    if ((text === undefined) === (binary === undefined)) {
      const message = 'You must provide either SecretString or SecretBinary.';
      throw new InvalidParameterException({ message, $metadata: {} });
    }
    return {
      id,
      createdAt: new Date(cloud.time.now()),
      ...(text !== undefined && { text }),
      ...(binary && { binary }),
    };
  }

  return {
    id: 'secretsmanager',
    seed(arn, text) {
      const [, , , region = '', accountId = '', , name = ''] = arn.slice(0, -7).split(':');
      const version = versionOf({ SecretString: text });
      const stages = new Map([['AWSCURRENT', version]]);
      regions.of(accountId, region).set(name, { name, arn, createdAt: version.createdAt, stages });
    },
    operations: {
      CreateSecret(input: Secrets.CreateSecretRequest, call) {
        const { Name: name = '', Description: description } = input;
        const { accountId } = call.caller;
        const resource = arnOf('secretsmanager', call.region, accountId, `secret:${name}`);
        call.authorize({
          action: 'secretsmanager:CreateSecret',
          resource,
          context: { 'secretsmanager:Name': name },
        });
        refuse(input, ['KmsKeyId', 'Tags', 'AddReplicaRegions']);
        if (!/^[\w/+=.@-]{1,512}$/.test(name)) {
          throw new InvalidParameterException({ message: 'Invalid name.', $metadata: {} });
        }
        const secrets = regions.of(accountId, call.region);
        const version = versionOf(input);
        const existing = secrets.get(name);
        if (existing && isRepeated(existing, version)) return summaryOf(existing, version);
        if (existing) throw exists(`The operation failed because the secret ${name} already exists.`);
        const secret: Secret = {
          name,
          arn: `${resource}-${randomBytes(3).toString('hex')}`,
          ...(description !== undefined && { description }),
          createdAt: version.createdAt,
          stages: new Map([['AWSCURRENT', version]]),
        };
        secrets.set(name, secret);
        return summaryOf(secret, version);
      },

      DeleteSecret(input: Secrets.DeleteSecretRequest, call) {
        const secret = authorized(input.SecretId, call);
        if (!input.ForceDeleteWithoutRecovery) {
          const message = 'The sandbox deletes secrets without recovery only.';
          throw new InvalidParameterException({ message, $metadata: {} });
        }
        refuse(input, ['RecoveryWindowInDays']);
        regions.of(parseArn(secret.arn)?.accountId ?? '', call.region).delete(secret.name);
        return { ARN: secret.arn, Name: secret.name, DeletionDate: new Date(cloud.time.now()) };
      },

      PutSecretValue(input: Secrets.PutSecretValueRequest, call) {
        const secret = authorized(input.SecretId, call);
        refuse(input, ['VersionStages', 'RotationToken']);
        const version = versionOf(input);
        const answer = { ...summaryOf(secret, version), VersionStages: ['AWSCURRENT'] };
        if (isRepeated(secret, version)) return answer;
        const current = secret.stages.get('AWSCURRENT');
        if (current) secret.stages.set('AWSPREVIOUS', current);
        secret.stages.set('AWSCURRENT', version);
        return answer;
      },

      GetSecretValue(input: Secrets.GetSecretValueRequest, call) {
        const { VersionId, VersionStage: stage = 'AWSCURRENT' } = input;
        const secret = authorized(input.SecretId, call, { 'secretsmanager:VersionStage': stage });
        const [found, version] =
          VersionId === undefined
            ? ([stage, secret.stages.get(stage)] as const)
            : ([...secret.stages].find(([, { id }]) => id === VersionId) ?? []);
        if (!version) {
          const message = "Secrets Manager can't find the specified secret value.";
          throw new ResourceNotFoundException({ message, $metadata: {} });
        }
        return {
          ARN: secret.arn,
          Name: secret.name,
          VersionId: version.id,
          ...(version.text !== undefined && { SecretString: version.text }),
          ...(version.binary && { SecretBinary: version.binary }),
          VersionStages: [found],
          CreatedDate: version.createdAt,
        };
      },

      DescribeSecret(input: Secrets.DescribeSecretRequest, call) {
        const secret = authorized(input.SecretId, call);
        return {
          ARN: secret.arn,
          Name: secret.name,
          ...(secret.description !== undefined && { Description: secret.description }),
          CreatedDate: secret.createdAt,
          LastChangedDate: secret.stages.get('AWSCURRENT')?.createdAt,
          VersionIdsToStages: Object.fromEntries([...secret.stages].map(([stage, { id }]) => [id, [stage]])),
        };
      },
    },
  };
}

const summaryOf = (secret: Secret, version: Version) => ({
  ARN: secret.arn,
  Name: secret.name,
  VersionId: version.id,
});

/** Whether the request was made before; the same token with another value is an error. */
function isRepeated(secret: Secret, version: Version): boolean {
  const earlier = [...secret.stages.values()].find(({ id }) => id === version.id);
  if (!earlier) return false;
  const contentOf = ({ text, binary }: Version) => Buffer.from(binary ?? text ?? '').toString('base64');
  if (contentOf(earlier) === contentOf(version)) return true;
  throw exists('You have specified a ClientRequestToken that was used for another value.');
}

const exists = (message: string) => new ResourceExistsException({ message, $metadata: {} });

function refuse(input: object, members: readonly string[]): void {
  const found = given(input, members);
  if (found.length === 0) return;
  const message = `The sandbox does not support ${found.join(', ')} here.`;
  throw new InvalidRequestException({ message, $metadata: {} });
}
