/** `bootstrap entra` for a factory account: what AWS is asked, and that the functions can then log in. */

import { readFileSync } from 'node:fs';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GetWebIdentityTokenCommand } from '@aws-sdk/client-sts';
import { beforeEach, describe, expect, it } from 'vitest';
import { configFor } from '../../../bin/local.ts';
import { EXIT } from '../../../cli/failure.ts';
import { ENTRA_FUNCTIONS, type FunctionName } from '../../../core/naming.ts';
import { httpsJson } from '../../../sandbox/https-json.ts';
import { administratorKeys, clientsOf, functionKeys } from '../callers.ts';
import { useCommandLine } from '../cli/command-line.ts';
import { useFactory } from '../harness.ts';

const factory = useFactory({ showsNeed: false });
const commandLine = useCommandLine(factory);

/** The config before there is an application. */
function early(entra: object = {}): string {
  const { factoryAppId, factoryServicePrincipalId, ...known } = configFor(factory().sandbox.world).entra;
  const config = { ...configFor(factory().sandbox.world), entra: { ...known, ...entra } };
  return commandLine().file('early.json', JSON.stringify(config));
}

const bootstrap = (config: string, ...more: string[]) =>
  commandLine().run([
    'bootstrap',
    'entra',
    '--config',
    config,
    '--profile',
    'factory',
    '--yes',
    '--json',
    ...more,
  ]);

/** What the token endpoint answers: a token, or the codes of errors. */
async function logIn(form: Record<string, string>): Promise<{ token?: string; codes?: number[] }> {
  const { entra } = factory().sandbox.ready;
  const { body } = await httpsJson(`${entra.authority}/${entra.tenantId}/oauth2/v2.0/token`, {
    ca: readFileSync(entra.caFile),
    form: {
      grant_type: 'client_credentials',
      scope: 'https://graph.microsoft.com/.default',
      ...form,
    },
  });
  return body.access_token ? { token: body.access_token } : { codes: body.error_codes };
}

/** As the function does, with a token that AWS signs for its role. */
async function logInAs(name: FunctionName, clientId: string) {
  const { sts } = clientsOf(factory(), functionKeys(factory(), name));
  const { WebIdentityToken = '' } = await sts.send(
    new GetWebIdentityTokenCommand({
      Audience: ['api://AzureADTokenExchange'],
      SigningAlgorithm: 'RS256',
      DurationSeconds: 300,
    }),
  );
  return logIn({
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: WebIdentityToken,
  });
}

const rolesIn = (token = ''): string[] =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')).roles;

describe('with tokens that AWS signs', () => {
  it('asks AWS for the issuer, and exactly the functions can log in', async () => {
    const { exitCode, stdout } = await bootstrap(early());
    expect(exitCode).toBe(EXIT.ok);
    const { factoryAppId } = JSON.parse(stdout).entra;
    expect(factoryAppId).not.toBe(factory().sandbox.world.factoryAppId);
    for (const name of ENTRA_FUNCTIONS) {
      const { token } = await logInAs(name, factoryAppId);
      expect(rolesIn(token)).toEqual(['Application.ReadWrite.OwnedBy']);
    }
  });

  it('leaves the placeholder to the application that has it', async () => {
    const { stdout } = await bootstrap(early());
    expect(stdout).not.toContain('placeholder’s application');
    const { directory } = factory().sandbox.entra;
    expect(directory.applications().filter(({ identifierUris }) => identifierUris.length > 0)).toHaveLength(
      1,
    );
  });

  it('takes the application that the config names, and finds it complete', async () => {
    const { stdout, exitCode } = await bootstrap(commandLine().config);
    expect(exitCode).toBe(EXIT.ok);
    const { entra } = JSON.parse(stdout);
    expect(entra).toEqual({
      factoryAppId: factory().sandbox.world.factoryAppId,
      factoryServicePrincipalId: factory().sandbox.world.factoryServicePrincipalId,
    });
  });

  it('does what it can before the account has an issuer, says what is missing, and completes it', async () => {
    const { aws, world } = factory().sandbox;
    aws.sts.disableOutboundFederation(world.factoryAccountId);
    const config = commandLine().file(
      'other.json',
      JSON.stringify({ ...JSON.parse(readFileSync(early(), 'utf8')), prefix: 'other' }),
    );
    const first = await bootstrap(config);
    aws.sts.enableOutboundFederation(world.factoryAccountId);
    expect(first.exitCode).toBe(EXIT.no);
    expect(first.json()).toMatchObject({
      complete: false,
      left: [],
      notices: [expect.stringContaining('Deploy OidcFactory')],
    });
    const second = await bootstrap(config);
    expect(second.exitCode).toBe(EXIT.ok);
    expect(second.json().done).toHaveLength(ENTRA_FUNCTIONS.length);
    expect(second.json().entra).toEqual(first.json().entra);
  });

  it('does not take the issuer of another account', async () => {
    const { exitCode, stdout } = await bootstrap(early(), '--profile', 'member-0');
    expect(exitCode).toBe(EXIT.refused);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'WrongAccount',
      remedy: expect.stringContaining('--outbound-issuer'),
    });
  });
});

describe('with a client secret', () => {
  let secretArn: string;
  let secrets: SecretsManagerClient;
  beforeEach(async () => {
    const { endpoint, region } = factory().sandbox.ready.aws;
    const { factoryAccountId } = factory().sandbox.world;
    secrets = new SecretsManagerClient({
      endpoint,
      region,
      credentials: administratorKeys(factory(), factoryAccountId),
    });
    const Name = `entra-${Math.random()}`;
    const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name, SecretString: 'nothing yet' }));
    secretArn = ARN;
  });
  const stored = async () =>
    (await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }))).SecretString ?? '';
  let count = 0;
  /** A factory of its own for each test. */
  const config = () => {
    const base = JSON.parse(readFileSync(early({ login: { kind: 'secret', secretArn } }), 'utf8'));
    return commandLine().file('secret.json', JSON.stringify({ ...base, prefix: `secret-${++count}` }));
  };

  it('stores it without showing it, and it logs in; the second time nothing is done', async () => {
    const file = config();
    const { exitCode, stdout, stderr } = await bootstrap(file);
    expect(exitCode).toBe(EXIT.ok);
    const secret = await stored();
    expect(stdout + stderr).not.toContain(secret);
    expect(secret).not.toBe('nothing yet');
    const { token } = await logIn({
      client_id: JSON.parse(stdout).entra.factoryAppId,
      client_secret: secret,
    });
    expect(rolesIn(token)).toEqual(['Application.ReadWrite.OwnedBy']);
    expect((await bootstrap(file)).json()).toMatchObject({ complete: true, done: [], notices: [] });
    expect(await stored()).toBe(secret);
  });

  it('leaves no secret behind that nobody has, and continues', async () => {
    const file = config();
    const { recorder, entra } = factory().sandbox;
    recorder.inject({ service: 'secretsmanager', operation: 'PutSecretValue', kind: 'error', times: 3 });
    const { exitCode, stdout } = await bootstrap(file);
    expect(exitCode).toBe(EXIT.unavailable);
    const appId = JSON.parse(stdout).error['entra.factoryAppId'];
    expect(entra.directory.application({ by: 'appId', value: appId })?.passwords).toEqual([]);
    expect(await stored()).toBe('nothing yet');
    const again = await bootstrap(file);
    expect(again.json()).toMatchObject({ complete: true, entra: { factoryAppId: appId } });
    expect(await stored()).not.toBe('nothing yet');
  });

  it('says how to make the place where there is none, before it does anything', async () => {
    secretArn = secretArn.replace('entra-', 'absent-');
    factory().sandbox.recorder.clearCalls();
    const { exitCode, stdout } = await bootstrap(config());
    expect(exitCode).toBe(EXIT.refused);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'SecretNotFound',
      remedy: expect.stringContaining('create-secret'),
    });
    const graph = factory()
      .sandbox.recorder.calls()
      .filter(({ service }) => service === 'graph');
    expect(graph).toEqual([]);
  });
});
