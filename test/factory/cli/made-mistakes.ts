/** Every mistake between a workload and its session that can be made in the local cloud. */
import {
  CreateOpenIDConnectProviderCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
} from '@aws-sdk/client-iam';
import type { MistakeCode } from '../../../core/mistakes.ts';
import { turnOff } from '../drift/off.ts';
import type { Environment, ReadyRole, Workloads } from './workload.ts';

const NOBODY = '99999999-0000-4000-8000-000000000009';
export interface Attempt {
  readonly code: MistakeCode;
  /** Where STS's answer leaves something open, the first that the command has to mention. */
  readonly likeliest?: MistakeCode;
  readonly role?: Partial<ReadyRole>;
  readonly env?: Environment;
  readonly args?: readonly string[];
}

export type MakeMistake = (workloads: Workloads) => Promise<Attempt> | Attempt;

/** Make a mistake each; what they answer says how the command is called, and what it has to say. */
export const MADE: Readonly<Record<string, MakeMistake>> = {
  'no tenant is named': ({ env }) => ({
    code: 'CredentialIncomplete',
    env: { ...env.clientSecret, AZURE_TENANT_ID: '' },
  }),
  'nothing is configured, and there is no managed identity': ({ env }) => ({
    code: 'NoManagedIdentity',
    env: { ...env.managedIdentity, AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:1' },
  }),
  'the managed identity is not assigned': ({ env }) => ({
    code: 'ManagedIdentityNotAssigned',
    env: { ...env.managedIdentity, AZURE_CLIENT_ID: NOBODY },
  }),
  'the file with the token is missing': ({ env }) => ({
    code: 'AssertionMissing',
    env: { ...env.federated, AZURE_FEDERATED_TOKEN_FILE: '/none/such' },
  }),
  'the file with the token is empty': ({ env, file }) => ({
    code: 'AssertionMissing',
    env: { ...env.federated, AZURE_FEDERATED_TOKEN_FILE: file('empty', '\n') },
  }),
  'Azure Pipelines gives no token': ({ env, factory, secret }) => ({
    code: 'AssertionMissing',
    env: {
      ...env.clientSecret,
      AZURE_CLIENT_SECRET: '',
      AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: NOBODY,
      AZURESUBSCRIPTION_TENANT_ID: env.clientSecret.AZURE_TENANT_ID,
      AZURESUBSCRIPTION_CLIENT_ID: env.clientSecret.AZURE_CLIENT_ID,
      SYSTEM_ACCESSTOKEN: secret('access-token-of-the-job'),
      SYSTEM_OIDCREQUESTURI: `${factory.sandbox.ready.entra.graph}/v1.0/oidctoken`,
    },
  }),
  'no developer has logged in': ({ env }) => ({
    code: 'LoginUnavailable',
    args: ['--credential', 'developer'],
    env: { ...env.clientSecret, PATH: '/none/such' },
  }),
  'the authority is not https': ({ env }) => ({
    code: 'InsecureEndpoint',
    env: { ...env.clientSecret, AZURE_AUTHORITY_HOST: 'http://login.example.com' },
  }),
  'STS is not https': ({ env }) => ({
    code: 'InsecureEndpoint',
    env: { ...env.clientSecret, AWS_ENDPOINT_URL: 'http://sts.example.com' },
  }),
  'a certificate is not trusted': ({ env }) => ({
    code: 'CertificateNotTrusted',
    env: { ...env.clientSecret, NODE_EXTRA_CA_CERTS: '' },
  }),
  'api:// is forgotten': ({ own }) => ({
    code: 'AudienceWithoutPrefix',
    likeliest: 'AudienceNotOnProvider',
    role: { audience: own.clientId },
  }),

  'the tenant is another': ({ env }) => ({
    code: 'TenantUnknown',
    env: { ...env.clientSecret, AZURE_TENANT_ID: NOBODY },
  }),
  'the client is unknown': ({ env }) => ({
    code: 'ClientUnknown',
    env: { ...env.clientSecret, AZURE_CLIENT_ID: NOBODY },
  }),
  'the client secret is wrong': ({ env, secret }) => ({
    code: 'SecretWrong',
    env: { ...env.clientSecret, AZURE_CLIENT_SECRET: secret('wrong~but.secret') },
  }),
  'the client secret has expired': async ({ env, own, factory, secret }) => {
    const past = { startDateTime: '2020-01-01T00:00:00Z', endDateTime: '2021-01-01T00:00:00Z' };
    const { body } = await factory.graph('POST', `/applications(appId='${own.clientId}')/addPassword`, {
      passwordCredential: past,
    });
    return {
      code: 'SecretExpired',
      env: { ...env.clientSecret, AZURE_CLIENT_SECRET: secret(body.secretText as string) },
    };
  },
  "the platform's token is for somebody else": async ({ env, file, platformToken }) => ({
    code: 'FederationMismatch',
    env: {
      ...env.federated,
      AZURE_FEDERATED_TOKEN_FILE: file('other', await platformToken('https://example.com')),
    },
  }),
  "the platform's token is signed with another algorithm": async ({ env, file, platformToken }) => ({
    code: 'AssertionRejected',
    env: {
      ...env.federated,
      AZURE_FEDERATED_TOKEN_FILE: file('es384', await platformToken(undefined, 'ES384')),
    },
  }),
  'there is no such audience': () => ({ code: 'AudienceUnknown', role: { audience: `api://${NOBODY}` } }),
  'the audience is the placeholder': ({ env }) => ({
    code: 'AudienceDisabled',
    role: { audience: `api://${env.clientSecret.AZURE_TENANT_ID}/oidc-factory-placeholder` },
  }),
  'the caller is not assigned': async ({ pinned, patch }) => {
    const path = `/servicePrincipals(appId='${pinned.clientId}')`;
    await patch(path, { appRoleAssignmentRequired: true });
    return { code: 'CallerNotAssigned', role: pinned };
  },
  'Entra is away': ({ env }) => ({
    code: 'EntraUnavailable',
    env: { ...env.clientSecret, AZURE_AUTHORITY_HOST: 'https://127.0.0.1:1' },
  }),

  'the account has no provider': ({ own, factory }) => ({
    code: 'ProviderNotFound',
    likeliest: 'ProviderMissing',
    role: { arn: own.arn.replace(/\d{12}/, factory.sandbox.world.factoryAccountId) },
  }),
  'the application issues tokens of version 2.0': async ({ factory, patch, env, secret }) => {
    const application = await factory.registerApplication('of version 2.0');
    await patch(`/applications(appId='${application.appId}')`, {
      api: { requestedAccessTokenVersion: 2 },
    });
    return {
      code: 'ProviderNotFound',
      likeliest: 'TokenVersionMismatch',
      role: { audience: application.appId },
      env: {
        ...env.clientSecret,
        AZURE_CLIENT_ID: application.appId,
        AZURE_CLIENT_SECRET: secret(application.secret),
      },
    };
  },
  'there is no such role': ({ own }) => ({
    code: 'NotTrusted',
    likeliest: 'RoleMissing',
    role: { arn: `${own.arn}-of-yesterday` },
  }),
  'somebody else of the tenant tries': async ({ factory, env, secret }) => {
    const stranger = await factory.registerApplication('a stranger');
    return {
      code: 'NotTrusted',
      likeliest: 'SubjectNotTrusted',
      env: {
        ...env.clientSecret,
        AZURE_CLIENT_ID: stranger.appId,
        AZURE_CLIENT_SECRET: secret(stranger.secret),
      },
    };
  },
  'the session is too long': () => ({ code: 'SessionTooLong', args: ['--duration', '7200'] }),
  'STS is away': ({ env }) => ({
    code: 'StsUnavailable',
    env: { ...env.clientSecret, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
  }),
};

/** These change what the others use: they come last, in this order. */
export const MADE_LAST: Readonly<Record<string, MakeMistake>> = {
  'the audience is not on the provider': async ({ factory, own }) => {
    const { providerArn: OpenIDConnectProviderArn, iam } = factory.member;
    // Where it hears of that, the factory puts it back.
    await turnOff(factory);
    await iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({
        OpenIDConnectProviderArn,
        ClientID: own.audience,
      }),
    );
    return { code: 'AudienceNotOnProvider' };
  },
  'AWS compares the caller of a token of version 2.0': async ({ factory, patch }) => {
    const { appId } = await factory.registerApplication('an API of version 2.0');
    await patch(`/applications(appId='${appId}')`, { api: { requestedAccessTokenVersion: 2 } });
    const Url = `https://login.microsoftonline.com/${factory.sandbox.world.tenantId}/v2.0`;
    await factory.member.iam.send(new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: [appId] }));
    return { code: 'CallerIsAudience', role: { audience: appId } };
  },
};
