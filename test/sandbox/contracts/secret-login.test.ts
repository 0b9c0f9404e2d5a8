/** The login with a client secret in Secrets Manager, for tenants or accounts that allow no federation. */
import { randomUUID } from 'node:crypto';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { appObjectId } from '../../../core/ids.ts';
import { directoryOf, useAdapters } from './adapters.ts';

const started = useAdapters();
const SECRET_ID = 'oidc-factory/entra';
let secrets: SecretsManagerClient;
let secretArn: string;
let clientSecret: string;

beforeAll(async () => {
  const { sandbox, addPassword } = started();
  const { endpoint, region, factory } = sandbox.ready.aws;
  const administrator = { endpoint, region, credentials: { ...factory } };
  secrets = new SecretsManagerClient(administrator);
  clientSecret = await addPassword(sandbox.world.factoryAppId);
  const { ARN } = await secrets.send(
    new CreateSecretCommand({ Name: SECRET_ID, SecretString: clientSecret }),
  );
  secretArn = ARN ?? '';
  // What the template gives the function when the config says so.
  const Resource = [secretArn, absentArn()];
  const statement = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource };
  await new IAMClient(administrator).send(
    new PutRolePolicyCommand({
      RoleName: 'oidc-factory-register-application',
      PolicyName: 'secret',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    }),
  );
});
afterEach(async () => {
  started().sandbox.recorder.clearFaults();
  await store(clientSecret);
});

const store = (SecretString: string) =>
  secrets.send(new PutSecretValueCommand({ SecretId: SECRET_ID, SecretString }));

/** Logged in anew, with this secret. */
const directory = (arn = secretArn) =>
  directoryOf({ ...started().adapters.entra, login: { kind: 'secret', secretArn: arn } });
const absentArn = () => secretArn.replace(SECRET_ID, 'absent');
const unknown = () => appObjectId(randomUUID());

it('makes the caller the factory', async () => {
  const { settings } = started().adapters;
  const application = await directory().createApplication({
    uniqueName: `oidc-factory-secret-${randomUUID()}`,
    displayName: 'aws-111122223333-secret',
    notes: 'Made by a test',
    tags: [],
    signInAudience: 'AzureADMyOrg',
    tokenVersion: 1,
    ownerId: settings.factoryServicePrincipalId,
  });
  expect(application).toMatchObject({
    createdByAppId: settings.factoryAppId,
    ownerIds: [settings.factoryServicePrincipalId],
  });
});

it('fails with a code where the secret is wrong, shows neither, and works again once it is right', async () => {
  await store('not-the-secret');
  const same = directory();
  const error: unknown = await same.application(unknown()).catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: 'DirectoryLoginFailed', cause: { codes: [7000215] } });
  expect(JSON.stringify([error, String(error)])).not.toContain('not-the-secret');
  await store(clientSecret);
  expect(await same.application(unknown())).toBeUndefined();
});

it.each([
  ['does not exist', absentArn],
  ['is one that the function may not read', () => secretArn.replace(SECRET_ID, 'forbidden')],
])('fails with a code where the secret %s', async (_, arn) => {
  await expect(directory(arn()).application(unknown())).rejects.toMatchObject({
    code: 'DirectoryLoginFailed',
  });
});

it.each(['throttle', 'error', 'lost-answer'] as const)(
  'gets over one %s of Secrets Manager',
  async (kind) => {
    const { recorder } = started().sandbox;
    recorder.inject({ service: 'secretsmanager', operation: 'GetSecretValue', kind, times: 1 });
    expect(await directory().application(unknown())).toBeUndefined();
    expect(recorder.faults()).toEqual([]);
  },
);
