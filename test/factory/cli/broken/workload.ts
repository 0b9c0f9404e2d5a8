/** Mistakes of the workload: how it logs in, what it asks for. They share two served roles, which stay as they are. */
import { randomUUID } from 'node:crypto';
import type { Environment } from '../workload.ts';
import { changing, type Lab, type Served, type SetUp, type SetUps, type Workload } from './lab.ts';

interface SharedRoles {
  readonly shared: Served;
  readonly second: Served;
}

/** `change`: what is wrong with the workload of the shared role. */
const wrongly =
  (
    change: (
      workload: Workload,
      roles: SharedRoles,
      lab: Lab,
    ) => Partial<Workload> | Promise<Partial<Workload>>,
  ) =>
  (roles: () => Promise<SharedRoles>): SetUp =>
  async (lab) => {
    const both = await roles();
    const { workload } = both.shared;
    return changing(lab, both.shared, { ...workload, ...(await change(workload, both, lab)) }, workload);
  };

const inEnvironment = (change: Readonly<Record<string, string | undefined>>) =>
  wrongly(({ env }) => ({ env: { ...env, ...change } }));

const SECRETS = { AZURE_CLIENT_SECRET: undefined } as const;

export const workloadSetUps = (roles: () => Promise<SharedRoles>): SetUps =>
  Object.fromEntries(
    Object.entries({
      CredentialIncomplete: inEnvironment({ AZURE_TENANT_ID: undefined }),
      LoginUnavailable: wrongly(() => ({ credential: 'developer' })),
      InsecureEndpoint: inEnvironment({ AZURE_AUTHORITY_HOST: 'http://login.example.test' }),
      AudienceWithoutPrefix: wrongly((_, { shared }) => ({ audience: shared.clientId })),
      TenantUnknown: inEnvironment({ AZURE_TENANT_ID: randomUUID() }),
      ClientUnknown: inEnvironment({ AZURE_CLIENT_ID: randomUUID() }),
      SecretWrong: inEnvironment({ AZURE_CLIENT_SECRET: 'the id of the secret, not its value' }),
      SecretExpired: wrongly(async ({ env }, { shared }, lab) => {
        const { secretText } = await lab.graph(
          'POST',
          `/applications(appId='${shared.clientId}')/addPassword`,
          {
            passwordCredential: {
              endDateTime: '2020-01-01T00:00:00Z',
              startDateTime: '2019-01-01T00:00:00Z',
            },
          },
        );
        return { env: { ...env, AZURE_CLIENT_SECRET: secretText } };
      }),
      AudienceUnknown: wrongly(() => ({ audience: `api://${randomUUID()}` })),
      SessionTooLong: wrongly(() => ({ durationSeconds: 7200 })),
      AudienceNotTrusted: wrongly((_, { second }) => ({
        env: second.workload.env,
        audience: second.audience,
      })),
      SubjectNotTrusted: wrongly((_, { second }) => ({ env: second.workload.env })),
      StsRefuses: wrongly(() => ({
        credential: {
          getToken: async () => ({ token: 'no token', expiresOnTimestamp: Date.now() + 3_600_000 }),
        },
      })),
      ProviderNotFound: wrongly(({ roleArn }, _, { factory }) => ({
        roleArn: roleArn.replace(/::\d+:/, `::${factory.sandbox.world.outsideAccountId}:`),
      })),
    }).map(([code, setUp]) => [code, setUp(roles)]),
  );

/** Lets the platform's token log in as the role's application. */
export async function trustPlatform(lab: Lab, { clientId }: Served): Promise<void> {
  const { iss, sub } = JSON.parse(
    Buffer.from((await lab.platformToken()).split('.')[1] ?? '', 'base64url').toString(),
  );
  await lab.graph('POST', `/applications(appId='${clientId}')/federatedIdentityCredentials`, {
    name: 'platform',
    issuer: iss,
    subject: sub,
    audiences: ['api://AzureADTokenExchange'],
  });
}

/** Mistakes of workloads with roles of their own, or with something else to mend than their options. */
export const otherWorkloadSetUps = (roles: () => Promise<SharedRoles>): SetUps => ({
  async RoleMissing(lab) {
    const { shared } = await roles();
    const { workload } = shared;
    const misspelt = { ...shared, arn: lab.arnOf(shared.member, 'shraed') };
    let role = misspelt;
    return {
      role: () => role,
      workload: () => lab.enter({ ...workload, roleArn: role.arn }),
      mend: async () => {
        role = shared;
      },
    };
  },

  async AssertionMissing(lab) {
    const { shared } = await roles();
    return loggedInFrom(lab, shared, '/nowhere/token');
  },

  async AssertionRejected(lab) {
    const { shared } = await roles();
    const [head = '', payload = ''] = (await lab.platformToken()).split('.');
    return loggedInFrom(lab, shared, lab.command.file('forged-token', [head, payload, 'AAAA'].join('.')));
  },

  async FederationMismatch(lab) {
    const role = await lab.served(0, 'from-a-platform');
    const file = lab.command.file('platform-token', await lab.platformToken());
    const env = { ...role.workload.env, ...SECRETS, AZURE_FEDERATED_TOKEN_FILE: file };
    const workload = () => lab.enter({ ...role.workload, env });
    return { role: () => role, workload, mend: () => trustPlatform(lab, role) };
  },

  async ManagedIdentityNotAssigned(lab) {
    const [identity] = [lab.identity('deployer'), lab.identity('somebody else')];
    const role = await lab.served(0, 'of-an-identity', identity.objectId);
    const workload = { ...role.workload, env: {} };
    return changing(lab, role, workload, { ...workload, env: { AZURE_CLIENT_ID: identity.clientId } });
  },

  async CertificateNotTrusted(lab) {
    const { shared } = await roles();
    return inItsOwnProcess(lab, shared, { NODE_EXTRA_CA_CERTS: '' });
  },

  async StaleAccessKey(lab) {
    const { shared } = await roles();
    return inItsOwnProcess(lab, shared, {
      AWS_ACCESS_KEY_ID: 'AKIAOFSOMEBODYELSE01',
      AWS_SECRET_ACCESS_KEY: 'x',
    });
  },

  async NoManagedIdentity(lab) {
    const { shared } = await roles();
    const nowhere = { AZURE_CLIENT_SECRET: '', AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:1' };
    return inItsOwnProcess(lab, shared, nowhere);
  },

  EntraUnavailable: (lab) =>
    struckSixTimes(lab, 'POST /oauth2/v2.0/token', 'error', ({ clientId }) => clientId),
  StsUnavailable: (lab) => struckSixTimes(lab, 'AssumeRoleWithWebIdentity', 'throttle', ({ arn }) => arn),
});

/** A workload whose environment decides at its start, until it is as it should be. */
async function inItsOwnProcess(lab: Lab, role: Served, wrong: Environment) {
  const { caFile, authority } = lab.factory.sandbox.ready.entra;
  const { endpoint, region } = lab.factory.sandbox.ready.aws;
  const right = {
    ...role.workload.env,
    PATH: process.env.PATH ?? '',
    NODE_EXTRA_CA_CERTS: caFile,
    AZURE_AUTHORITY_HOST: authority,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
  };
  let env: Environment = { ...right, ...wrong };
  return {
    role: () => role,
    workload: () => lab.enterByCommand(role, env),
    mend: async () => {
      env = right;
    },
  };
}

/** A workload that logs in with the token in `file`, until it is given a good one. */
async function loggedInFrom(lab: Lab, role: Served, file: string) {
  const { workload } = role;
  const withTokenIn = (AZURE_FEDERATED_TOKEN_FILE: string): Workload => ({
    ...workload,
    env: { ...workload.env, ...SECRETS, AZURE_FEDERATED_TOKEN_FILE },
  });
  const good = lab.command.file('good-token', await lab.platformToken());
  return changing(lab, role, withTokenIn(file), withTokenIn(good));
}

/** The library tries six times. What passes by itself needs no mending. */
async function struckSixTimes(
  lab: Lab,
  operation: string,
  kind: 'error' | 'throttle',
  about: (role: Served) => string,
) {
  const role = await lab.served(0, `struck-${kind}`);
  lab.factory.sandbox.recorder.inject({ operation, kind, about: about(role), times: 6 });
  return { role: () => role, workload: () => lab.enter(role.workload), mend: async () => {} };
}
