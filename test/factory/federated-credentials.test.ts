/** A workload of GitHub's that a developer lets in by a tag: from its own token to AWS credentials, and out again. */
import { readFileSync } from 'node:fs';
import { TagRoleCommand, UntagRoleCommand } from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import { FEDERATED_CREDENTIAL_KEY as KEY } from '../../core/tags.ts';
import { until } from '../../sandbox/clients.ts';
import { httpsJson } from '../../sandbox/https-json.ts';
import { configure } from './functions.ts';
import {
  createRole,
  ended,
  madeInEntra,
  placeholderOf,
  roleWithStatus,
  trustOn,
  useFactory,
} from './harness.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';
const SUBJECT = 'repo:example/app:environment:production';
const factory = useFactory();

beforeAll(async () => {
  const allowed = [{ issuer: GITHUB, subjects: ['repo:example/'] }];
  await configure(factory(), 'inspect-role', 'FEDERATED_CREDENTIALS', JSON.stringify(allowed));
});

/** What Entra answers to a job that logs in as the role's application. */
async function login(
  role: { tags: Record<string, string> },
  sub: string,
  aud = 'api://AzureADTokenExchange',
) {
  const { ciIssuers, ready } = factory().sandbox;
  const { authority, tenantId, caFile } = ready.entra;
  return httpsJson(`${authority}/${tenantId}/oauth2/v2.0/token`, {
    ca: readFileSync(caFile),
    form: {
      grant_type: 'client_credentials',
      client_id: role.tags['oidc-factory:client-id'] ?? '',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await ciIssuers.token({ issuer: GITHUB, claims: { sub, aud } }),
      scope: `${role.tags['oidc-factory:audience']}/.default`,
    },
  });
}

const create = (roleName: string, tags: Record<string, string>) =>
  createRole(factory().member, roleName, trustOn(factory().member, { aud: placeholderOf(factory()) }), {
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  });

const credentialsOf = (role: { tags: Record<string, string> }) => {
  const { directory } = factory().sandbox.entra;
  const value = role.tags['oidc-factory:client-id'] ?? '';
  return directory.application({ by: 'appId', value })?.federated.map(({ subject }) => subject);
};

describe.concurrent('a role whose tag lets a workload in', () => {
  it('opens to that workload alone, as long as the tag is there', async () => {
    const { member, assume, whoAmI } = factory();
    await create('deployed-by-github', { [KEY]: `${GITHUB} ${SUBJECT}` });
    const role = await roleWithStatus(member, 'deployed-by-github', 'ready');

    const admitted = await login(role, SUBJECT);
    expect(admitted.status).toBe(200);
    const session = await assume(role.arn, admitted.body.access_token);
    expect(await whoAmI(session)).toContain(':assumed-role/deployed-by-github/');
    for (const [sub, aud] of [
      ['repo:example/other:environment:production'],
      ['repo:Example/app:environment:production'],
      [SUBJECT, 'sts.amazonaws.com'],
    ] as const) {
      expect(await login(role, sub, aud)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    }

    await member.iam.send(new UntagRoleCommand({ RoleName: 'deployed-by-github', TagKeys: [KEY] }));
    await until('the credential to go', async () => (credentialsOf(role)?.length === 0 ? true : undefined));
    expect(await ended(factory(), 'create-role', 'deployed-by-github', 2)).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(await login(role, SUBJECT)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  it('follows a tag that is set later, and keeps what people added', async () => {
    const { member, graph } = factory();
    await create('tagged-later', {});
    const role = await roleWithStatus(member, 'tagged-later', 'ready');
    expect((await login(role, SUBJECT)).status).toBe(401);
    const byHand = 'repo:by-hand/app:environment:production';
    const path = `/applications(appId='${role.tags['oidc-factory:client-id']}')/federatedIdentityCredentials`;
    const { status } = await graph('POST', path, {
      name: 'by-hand',
      issuer: GITHUB,
      subject: byHand,
      audiences: ['api://AzureADTokenExchange'],
    });
    expect(status).toBe(201);

    const tag = (Key: string, repository: string) =>
      member.iam.send(
        new TagRoleCommand({
          RoleName: 'tagged-later',
          Tags: [{ Key, Value: `${GITHUB} repo:example/${repository}:environment:production` }],
        }),
      );
    await tag(KEY, 'app');
    await until('the credential', async () => (credentialsOf(role)?.includes(SUBJECT) ? true : undefined));
    await ended(factory(), 'create-role', 'tagged-later', 2);
    await tag(KEY, 'other');
    const other = 'repo:example/other:environment:production';
    await until('the other credential', async () =>
      credentialsOf(role)?.includes(other) ? true : undefined,
    );
    expect(credentialsOf(role)).toEqual([byHand, other]);
    expect((await login(role, byHand)).status).toBe(200);
    expect((await login(role, other)).status).toBe(200);
  });

  it.each([
    ['of another organization', 'not-allowed', `${GITHUB} repo:examples/app:environment:production`],
    ['of another issuer', 'not-known', 'https://gitlab.com project_path:example/app'],
    ['that is none', 'malformed', 'please'],
  ])('fails, and nothing is made, for a workload %s', async (_, roleName, value) => {
    const { member } = factory();
    await create(roleName, { [KEY]: value });
    const role = await roleWithStatus(member, roleName, 'failed');
    expect(role.tags['oidc-factory:detail']).toMatch(/^FederatedCredentialRefused: /);
    expect(madeInEntra(factory()).filter((name) => name.endsWith(`-${roleName}`))).toEqual([]);
    expect(await ended(factory(), 'create-role', roleName)).toMatchObject({
      status: 'FAILED',
      error: 'FederatedCredentialRefused',
      cause: 'inspect-role',
    });
  });
});
