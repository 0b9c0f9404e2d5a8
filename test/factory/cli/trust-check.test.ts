/** What `trust check` says of policies and tokens, against what STS does with them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateRoleCommand,
  GetOpenIDConnectProviderCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../cli/recorded-io.ts';
import { ACCOUNT, APP_ID, MANAGED_IDENTITY, SERVICE_PRINCIPAL } from '../../fixtures/domain.ts';
import { rewriteCase } from '../../generators/trust-policy.ts';
import { createRole, placeholderOf, roleWithStatus, trustOn, useFactory } from '../harness.ts';

const factory = useFactory();
const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-trust-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: unknown): string => {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return join(folder, name);
};

/** The role's own application, and another one of the tenant that asks for a token for the same audience. */
interface Workload {
  readonly objectId: string;
  readonly token: string;
}
let audience: string;
let own: Workload;
let other: Workload;

beforeAll(async () => {
  const running = factory();
  const { member } = running;
  await createRole(member, 'deploy', trustOn(member, { aud: placeholderOf(running) }));
  const { tags } = await roleWithStatus(member, 'deploy', 'ready');
  audience = tags['oidc-factory:audience'] ?? '';
  const workload = async (appId: string, secret: string): Promise<Workload> => {
    const { body } = await running.graph('GET', `/servicePrincipals(appId='${appId}')`);
    return { objectId: body.id, token: await running.token(appId, secret, audience) };
  };
  const clientId = tags['oidc-factory:client-id'] ?? '';
  own = await workload(clientId, await running.addPassword(clientId));
  const stranger = await running.registerApplication('stranger');
  other = await workload(stranger.appId, stranger.secret);
  // One that the factory leaves alone, whose trust policy is the tests'.
  const AssumeRolePolicyDocument = JSON.stringify(trustOn(member, { aud: audience }));
  await member.iam.send(new CreateRoleCommand({ RoleName: 'tried', AssumeRolePolicyDocument }));
});

const check = async (trustPolicy: string, token: string) => {
  const { member } = factory();
  const OpenIDConnectProviderArn = member.providerArn;
  const provider = await member.iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
  const given = ['--provider-arn', member.providerArn, '--provider', file('provider.json', provider)];
  const args = [
    'trust',
    'check',
    file('policy.json', trustPolicy),
    ...given,
    '--session-name',
    'workload',
    '--json',
  ];
  const { exitCode, json, stdout } = await run(args, { input: token });
  expect(stdout).not.toContain(token.split('.')[2]);
  return { exitCode, ...json() };
};

/** `let in`, or the name of STS's error. */
async function exchange(roleName: string, token: string): Promise<string> {
  const { member, assume } = factory();
  try {
    await assume(`arn:aws:iam::${member.accountId}:role/${roleName}`, token);
    return 'let in';
  } catch (error) {
    return (error as Error).name.replace(/^(InvalidIdentityToken)Exception$/, '$1');
  }
}

const trustOf = async (roleName: string) => (await factory().member.role(roleName)).trust;

/** False where IAM does not take the policy. */
async function setTrust(document: string): Promise<boolean> {
  const command = new UpdateAssumeRolePolicyCommand({ RoleName: 'tried', PolicyDocument: document });
  try {
    await factory().member.iam.send(command);
    return true;
  } catch (error) {
    if (/^(MalformedPolicyDocument|LimitExceeded)/.test((error as Error).name)) return false;
    throw error;
  }
}

describe('a role that is ready', () => {
  it('lets its own application in', async () => {
    expect(await check(await trustOf('deploy'), own.token)).toMatchObject({ exitCode: 0, letIn: true });
    expect(await exchange('deploy', own.token)).toBe('let in');
  });

  it('lets another one in once the smallest change is made', async () => {
    const answer = await check(await trustOf('deploy'), other.token);
    expect(answer).toMatchObject({
      exitCode: 1,
      error: 'AccessDenied',
      code: 'SubjectNotTrusted',
      change: { wise: true },
    });
    expect(await exchange('deploy', other.token)).toBe('AccessDenied');
    expect(await setTrust(JSON.stringify(answer.change.policy))).toBe(true);
    expect(await exchange('tried', other.token)).toBe('let in');
    expect(await exchange('tried', own.token)).toBe('let in');
  });

  it('lets nobody in while its audience is not on the provider’s list', async () => {
    const { member } = factory();
    const entry = { OpenIDConnectProviderArn: member.providerArn, ClientID: audience };
    await member.iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand(entry));
    const answer = await check(await trustOf('deploy'), own.token);
    expect(await exchange('deploy', own.token)).toBe('InvalidIdentityToken');
    expect(answer).toMatchObject({
      error: 'InvalidIdentityToken',
      code: 'AudienceNotOnProvider',
      change: { wise: true, edits: [{ kind: 'list-audience', audience }], policy: null },
    });
    await member.iam.send(new AddClientIDToOpenIDConnectProviderCommand(entry));
    expect(await exchange('deploy', own.token)).toBe('let in');
  });
});

it('agrees with STS on policies of all kinds, and mends what it refuses', async () => {
  const { member } = factory();
  const counted = { 'let in': 0, refused: 0, mended: 0 };
  await fc.assert(
    fc.asyncProperty(rewriteCase, fc.boolean(), async ({ request }, isOwn) => {
      // As the generator writes them, about what there is here.
      const document = request.trustPolicy
        .replaceAll(ACCOUNT, member.accountId)
        .replaceAll(APP_ID, audience.replace('api://', ''))
        .replaceAll(SERVICE_PRINCIPAL, own.objectId)
        .replaceAll(MANAGED_IDENTITY, other.objectId);
      fc.pre(await setTrust(document));
      const { token } = isOwn ? own : other;
      const { letIn, error, change } = await check(document, token);
      expect(await exchange('tried', token)).toBe(letIn ? 'let in' : error);
      counted[letIn ? 'let in' : 'refused']++;
      const isOfPolicy = (change?.edits ?? []).every(({ kind }: { kind: string }) => kind !== 'request');
      if (change && isOfPolicy && (await setTrust(JSON.stringify(change.policy)))) {
        expect(await exchange('tried', token)).toBe('let in');
        counted.mended++;
      }
    }),
    { numRuns: 60 },
  );
  for (const [outcome, count] of Object.entries(counted)) expect(count, outcome).toBeGreaterThan(0);
});
