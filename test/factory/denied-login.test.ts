/** Deny stays denied at the login to Entra: whose token counts, for what it can be asked, and what it opens. */

import { readFileSync } from 'node:fs';
import {
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  DisableOutboundWebIdentityFederationCommand,
  EnableOutboundWebIdentityFederationCommand,
  GetOutboundWebIdentityFederationInfoCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetWebIdentityTokenCommand, type GetWebIdentityTokenRequest } from '@aws-sdk/client-sts';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AnyFunctionName, type FunctionName, functionRoleName } from '../../core/naming.ts';
import { FUNCTIONS } from '../../lib/bundling.ts';
import { httpsJson } from '../../sandbox/https-json.ts';
import { administratorKeys, clientsOf, functionKeys, type Keys, serviceSession, verdict } from './callers.ts';
import { placeholderOf, useFactory } from './harness.ts';

const factory = useFactory({ showsNeed: false });

const ENTRA = 'api://AzureADTokenExchange';
const LOGIN: GetWebIdentityTokenRequest = {
  Audience: [ENTRA],
  SigningAlgorithm: 'RS256',
  DurationSeconds: 300,
};

const webIdentityToken = async (keys: Keys, input: Partial<GetWebIdentityTokenRequest> = {}) => {
  const { sts } = clientsOf(factory(), keys);
  const answer = await sts.send(new GetWebIdentityTokenCommand({ ...LOGIN, ...input }));
  return answer.WebIdentityToken ?? '';
};

describe('GetWebIdentityToken', () => {
  it.each(FUNCTIONS)(
    'of $name is allowed only if it logs in to Entra ($needsEntra)',
    async ({ name, needsEntra }) => {
      const token = webIdentityToken(functionKeys(factory(), name));
      expect(await verdict(token)).toBe(needsEntra ? 'allowed' : 'denied');
    },
  );

  const asked: readonly [
    what: string,
    expected: 'allowed' | 'denied',
    input: Partial<GetWebIdentityTokenRequest>,
  ][] = [
    ['for a minute', 'allowed', { DurationSeconds: 60 }],
    ['for longer than five minutes', 'denied', { DurationSeconds: 301 }],
    ['for another audience', 'denied', { Audience: ['api://another'] }],
    ['for a second audience', 'denied', { Audience: [ENTRA, 'api://another'] }],
    ['with another algorithm', 'denied', { SigningAlgorithm: 'ES384' }],
    ['with claims of its own', 'denied', { Tags: [{ Key: 'sub', Value: 'somebody' }] }],
  ];
  it.each(asked)('%s is %s', async (_, expected, input) => {
    const keys = functionKeys(factory(), 'register-application');
    expect(await verdict(webIdentityToken(keys, input))).toBe(expected);
  });
});

describe('the login as the factory', () => {
  /** What the token endpoint answers to an assertion: an AADSTS code, or 0 for a token. */
  async function loginWith(assertion: string): Promise<number> {
    const { entra } = factory().sandbox.ready;
    const { body } = await httpsJson(`${entra.authority}/${entra.tenantId}/oauth2/v2.0/token`, {
      ca: readFileSync(entra.caFile),
      form: {
        grant_type: 'client_credentials',
        client_id: factory().sandbox.world.factoryAppId,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        scope: 'https://graph.microsoft.com/.default',
      },
    });
    return body.access_token ? 0 : body.error_codes[0];
  }

  it('takes the token of a function that calls Graph', async () => {
    const assertion = await webIdentityToken(functionKeys(factory(), 'delete-application'));
    expect(await loginWith(assertion)).toBe(0);
  });

  const refused: readonly [what: string, name: FunctionName, audience: string, code: number][] = [
    ['the token of another function', 'inspect-role', ENTRA, 700213],
    ['a token for another audience', 'delete-application', 'api://another', 700212],
  ];
  it.each(refused)('refuses %s, could it be had', async (_, name, audience, code) => {
    const { factoryAccountId } = factory().sandbox.world;
    const { iam } = clientsOf(factory(), administratorKeys(factory(), factoryAccountId));
    const by = { RoleName: functionRoleName('oidc-factory', name), PolicyName: 'by-hand' };
    const anyToken = { Effect: 'Allow', Action: 'sts:GetWebIdentityToken', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: anyToken });
    await iam.send(new PutRolePolicyCommand({ ...by, PolicyDocument }));
    const assertion = await webIdentityToken(functionKeys(factory(), name), { Audience: [audience] });
    await iam.send(new DeleteRolePolicyCommand(by));
    expect(await loginWith(assertion)).toBe(code);
  });

  it('refuses the token of another account, also for a role of that name', async () => {
    const { aws, world } = factory().sandbox;
    const [accountId = ''] = world.memberAccountIds;
    aws.sts.enableOutboundFederation(accountId);
    const { iam } = clientsOf(factory(), administratorKeys(factory(), accountId));
    const RoleName = functionRoleName('oidc-factory', 'register-application');
    const service = {
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName,
        AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: service }),
      }),
    );
    const anyToken = { Effect: 'Allow', Action: 'sts:GetWebIdentityToken', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: anyToken });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'any', PolicyDocument }));
    const keys = serviceSession(factory().sandbox, Role?.Arn ?? '', 'lambda.amazonaws.com');
    expect(await loginWith(await webIdentityToken(keys))).toBe(700211);
  });

  it("refuses the token of the account's administrator", async () => {
    const keys = administratorKeys(factory(), factory().sandbox.world.factoryAccountId);
    expect(await loginWith(await webIdentityToken(keys))).toBe(700213);
  });
});

describe('outbound federation', () => {
  const info = async () => {
    const { iam } = clientsOf(
      factory(),
      administratorKeys(factory(), factory().sandbox.world.factoryAccountId),
    );
    return iam.send(new GetOutboundWebIdentityFederationInfoCommand({}));
  };

  it('was switched on by the deployment, whose output names the issuer', async () => {
    const { IssuerIdentifier, JwtVendingEnabled } = await info();
    expect(JwtVendingEnabled).toBe(true);
    const outputs = factory().sandbox.stacks.flatMap((stack) => Object.values(stack.outputs));
    expect(outputs).toContain(IssuerIdentifier);
  });

  it('is switched by its own function alone, and never off', async () => {
    const as = (name: AnyFunctionName) => clientsOf(factory(), functionKeys(factory(), name)).iam;
    const own = as('enable-outbound-federation');
    const on = new EnableOutboundWebIdentityFederationCommand({});
    // Allowed, but on already.
    await expect(own.send(on)).rejects.toMatchObject({ name: 'FeatureEnabledException' });
    expect(await verdict(own.send(new DisableOutboundWebIdentityFederationCommand({})))).toBe('denied');
    expect(await verdict(as('register-application').send(on))).toBe('denied');
    expect((await info()).JwtVendingEnabled).toBe(true);
  });

  it('lets its own function log in nowhere', async () => {
    const token = webIdentityToken(functionKeys(factory(), 'enable-outbound-federation'));
    expect(await verdict(token)).toBe('denied');
  });
});

describe('the placeholder', () => {
  let client: { appId: string; secret: string };
  beforeAll(async () => {
    client = await factory().registerApplication('any application of the tenant');
  });

  it('can never be the audience of a token', async () => {
    const ask = (resource: string) => factory().requestToken(client.appId, client.secret, resource);
    expect((await ask('https://graph.microsoft.com')).status).toBe(200);
    const refused = await ask(placeholderOf(factory()));
    expect(refused.body).toMatchObject({ error: 'invalid_resource', error_codes: [500014] });
    expect(refused.body).not.toHaveProperty('access_token');
  });

  it('cannot be claimed by another application', async () => {
    const claim = (uri: string) =>
      factory().graph('POST', '/applications', { displayName: 'claims', identifierUris: [uri] });
    expect((await claim(`api://${factory().sandbox.world.tenantId}/another`)).status).toBe(201);
    expect((await claim(placeholderOf(factory()))).status).toBe(400);
  });
});
