/** Who may enter beside the application is said in the trust policy: by a pin that the developer writes. */
import { DeleteRoleCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { addManagedIdentity } from '../../sandbox/entra/seed.ts';
import {
  createRole,
  ended,
  type Factory,
  placeholderOf,
  roleWithStatus,
  trustOn,
  useFactory,
} from './harness.ts';

const factory = useFactory();

/** A token for `audience`, as a virtual machine asks for it. */
async function metadataToken({ sandbox }: Factory, clientId: string, audience: string): Promise<string> {
  const query = new URLSearchParams({
    'api-version': '2018-02-01',
    resource: audience,
    client_id: clientId,
  });
  const answer = await fetch(`${sandbox.imds}/metadata/identity/oauth2/token?${query}`, {
    headers: { metadata: 'true' },
  });
  const body = (await answer.json()) as { access_token?: string };
  if (!body.access_token) throw new Error(`The metadata service answered ${answer.status}`);
  return body.access_token;
}

interface Identity {
  readonly clientId: string;
  readonly objectId: string;
}

interface Entrants {
  readonly deployer: Identity;
  readonly other: Identity;
  /** Tokens for the role's audience, by whose they are. */
  readonly tokens: Record<'deployer' | 'other' | 'application' | 'stranger', string>;
}

function newIdentity({ sandbox }: Factory, displayName: string): Identity {
  const { appId, id } = addManagedIdentity(sandbox.entra.directory, displayName);
  return { clientId: appId, objectId: id };
}

/** Waits until the role is ready, and gets everybody a token for its audience. */
async function tokensFor(running: Factory, roleName: string, deployer: Identity, other: Identity) {
  const { tags } = await roleWithStatus(running.member, roleName, 'ready');
  const audience = tags['oidc-factory:audience'] ?? '';
  const clientId = tags['oidc-factory:client-id'] ?? '';
  const stranger = await running.registerApplication('Somebody else');
  const tokens = {
    deployer: await metadataToken(running, deployer.clientId, audience),
    other: await metadataToken(running, other.clientId, audience),
    application: await running.token(clientId, await running.addPassword(clientId), audience),
    stranger: await running.token(stranger.appId, stranger.secret, audience),
  };
  return { deployer, other, tokens } satisfies Entrants;
}

/** Who of them gets into the role. */
async function admitted({ member, assume, whoAmI }: Factory, roleName: string, { tokens }: Entrants) {
  const { arn } = await member.role(roleName);
  const inside = await Promise.all(
    Object.entries(tokens).map(async ([who, token]) => {
      const session = await assume(arn, token).catch((error: Error) => {
        if (error.name === 'AccessDenied') return undefined;
        throw error;
      });
      if (session) expect(await whoAmI(session)).toContain(`:assumed-role/${roleName}/`);
      return session ? [who] : [];
    }),
  );
  return inside.flat();
}

describe.concurrent('a role that its developer gives to a managed identity', () => {
  it('at its creation: opens to that identity and to nobody else, until it is deleted', async () => {
    const running = factory();
    const { member, sandbox } = running;
    const [deployer, other] = [newIdentity(running, 'deployer'), newIdentity(running, 'other')];
    const trust = trustOn(member, { aud: placeholderOf(running), sub: deployer.objectId });
    await createRole(member, 'pinned', trust);
    const entrants = await tokensFor(running, 'pinned', deployer, other);

    const { trust: written, tags } = await member.role('pinned');
    const audience = tags['oidc-factory:audience'] ?? '';
    expect(JSON.parse(written)).toEqual(trustOn(member, { aud: audience, sub: deployer.objectId }));
    expect(await admitted(running, 'pinned', entrants)).toEqual(['deployer']);

    await member.iam.send(new DeleteRoleCommand({ RoleName: 'pinned' }));
    expect(await ended(running, 'delete-role', 'pinned')).toMatchObject({ status: 'SUCCEEDED' });
    const { directory } = sandbox.entra;
    expect(directory.servicePrincipal({ by: 'id', value: deployer.objectId })).toBeDefined();
    expect(
      directory.application({ by: 'appId', value: tags['oidc-factory:client-id'] ?? '' }),
    ).toBeUndefined();
  });

  it('later: opens to that identity instead of the application, and the factory keeps it so', async () => {
    const running = factory();
    const { member } = running;
    const [deployer, other] = [newIdentity(running, 'late deployer'), newIdentity(running, 'late other')];
    await createRole(member, 'handed-over', trustOn(member, { aud: 'please-fill-in' }));
    const entrants = await tokensFor(running, 'handed-over', deployer, other);
    expect(await admitted(running, 'handed-over', entrants)).toEqual(['application']);

    const { tags } = await member.role('handed-over');
    await member.iam.send(
      new UpdateAssumeRolePolicyCommand({
        RoleName: 'handed-over',
        PolicyDocument: JSON.stringify(
          trustOn(member, { aud: tags['oidc-factory:audience'] ?? '', sub: deployer.objectId }),
        ),
      }),
    );
    expect(await admitted(running, 'handed-over', entrants)).toEqual(['deployer']);

    const [first] = await running.executions('create-role', 'handed-over');
    await running.states.send(
      new StartExecutionCommand({ stateMachineArn: first?.stateMachineArn, input: first?.input }),
    );
    const again = await ended(running, 'create-role', 'handed-over', 2);
    expect(JSON.parse(again.output ?? '')).toMatchObject({ outcome: 'ready' });
    expect(await admitted(running, 'handed-over', entrants)).toEqual(['deployer']);
  });
});
