/** Clients that know nothing of the sandbox, and many of them at once. */
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { type MemberClient, until } from '../../sandbox/clients.ts';
import { addManagedIdentity } from '../../sandbox/entra/seed.ts';
import { AWS_TOOLS } from './aws-tools.ts';
import {
  createRole,
  type Factory,
  madeInEntra,
  placeholderOf,
  roleWithStatus,
  trustOn,
  useFactory,
} from './harness.ts';

const factory = useFactory({ members: 3 });

/** What of an application is in the tenant. */
async function inEntra({ graph }: Factory, appId: string): Promise<string[]> {
  const there: string[] = [];
  for (const kind of ['applications', 'servicePrincipals'])
    if ((await graph('GET', `/${kind}(appId='${appId}')`)).status !== 404) there.push(kind);
  return there;
}

/** Each in a member account of its own. */
const LIVES = AWS_TOOLS.map((tool, index) => ({
  tool,
  index,
  by: index % 2 === 0 ? 'placeholder' : 'bare word',
}));

describe.concurrent('a whole life of a role', { timeout: 120_000 }, () => {
  it.for(LIVES)('with $tool.name and plain HTTP, by $by', async ({ tool, index, by }, { skip }) => {
    if ((await tool.version()) === undefined) {
      const reason = `${tool.name} is not installed on this machine`;
      // Reporters count what is skipped, but not all of them say why.
      console.warn(reason);
      skip(reason);
    }
    const running = factory();
    const { aws } = running.sandbox.ready;
    const member = running.members[index];
    if (!member) throw new Error('There is no such member account');
    const iam = (operation: string, input: object) =>
      tool.call({ aws, keys: member.credentials, service: 'iam', operation, input });
    const RoleName = `tool-${index}`;
    const dummy = by === 'placeholder' ? placeholderOf(running) : 'please-fill-in';

    const { Role: created } = await iam('CreateRole', {
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify(trustOn(member, { aud: dummy })),
    });
    expect(created).toMatchObject({ RoleName, Arn: `arn:aws:iam::${member.accountId}:role/${RoleName}` });
    // Waited for with a client that costs less than a process for each look.
    await until(`${RoleName} to trust its application`, async () =>
      (await member.role(RoleName)).trust.includes(dummy) ? undefined : true,
    );
    const { Role: rewritten } = await iam('GetRole', { RoleName });
    const trust = JSON.stringify(rewritten.AssumeRolePolicyDocument);
    expect(trust).not.toContain(dummy);
    const [, audience = '', appId = ''] = /:aud":"(api:\/\/([0-9a-f-]{36}))"/.exec(trust) ?? [];
    expect(await inEntra(running, appId)).toEqual(['applications', 'servicePrincipals']);

    const { Credentials } = await tool.call({
      aws,
      service: 'sts',
      operation: 'AssumeRoleWithWebIdentity',
      input: {
        RoleArn: created.Arn,
        RoleSessionName: 'workload',
        WebIdentityToken: await running.token(appId, await running.addPassword(appId), audience),
      },
    });
    const keys = {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    };
    const call = { aws, keys, service: 'sts', operation: 'GetCallerIdentity', input: {} } as const;
    expect(await tool.call(call)).toMatchObject({
      Account: member.accountId,
      Arn: `arn:aws:sts::${member.accountId}:assumed-role/${RoleName}/workload`,
    });

    await iam('DeleteRole', { RoleName });
    await until(`application and audience of ${RoleName} to be gone`, async () => {
      if ((await member.audiences()).includes(audience)) return undefined;
      return (await inEntra(running, appId)).length === 0 || undefined;
    });
    const { ClientIDList } = await iam('GetOpenIDConnectProvider', {
      OpenIDConnectProviderArn: member.providerArn,
    });
    expect(ClientIDList).toContain(placeholderOf(running));
    expect(ClientIDList).not.toContain(audience);
  });
});

/** What developers write, each a little different; the rest of the policy must stay as it is. */
const WAYS: readonly ((member: MemberClient, placeholder: string) => object)[] = [
  (member, placeholder) => trustOn(member, { aud: placeholder }),
  (member, placeholder) => trustOn(member, { aud: [placeholder] }),
  (member) => trustOn(member, { aud: 'please-fill-in' }),
  (member) => {
    const { Statement, ...document } = trustOn(member, { aud: 'TODO' });
    return { ...document, Statement: Statement[0] };
  },
  (member) => {
    const trust = trustOn(member, { aud: 'dummy_value' });
    return JSON.parse(JSON.stringify(trust).replace('StringEquals', 'StringLike'));
  },
];

describe('twenty roles at once, in three member accounts', { timeout: 120_000 }, () => {
  it('get an application each, which opens that role alone, and take it with them', async () => {
    const running = factory();
    const identity = addManagedIdentity(running.sandbox.entra.directory, 'deployer');
    const wanted = Array.from({ length: 20 }, (_, index) => {
      const member = running.members[index % 3];
      const way = WAYS[index % WAYS.length];
      if (!member || !way) throw new Error('There is no such member account');
      // Names repeat between the accounts, as they do between stages of one system.
      const roleName = `service-${Math.floor(index / 3)}`;
      const trust =
        index === 19 ? trustOn(member, { aud: 'x', sub: identity.id }) : way(member, placeholderOf(running));
      return { member, roleName, trust };
    });
    await Promise.all(wanted.map(({ member, roleName, trust }) => createRole(member, roleName, trust)));
    const roles = await Promise.all(
      wanted.map(async ({ member, roleName }) => {
        const { arn, tags, trust } = await roleWithStatus(member, roleName, 'ready');
        return {
          arn,
          trust,
          clientId: tags['oidc-factory:client-id'] ?? '',
          audience: tags['oidc-factory:audience'] ?? '',
        };
      }),
    );
    expect(new Set(roles.map(({ clientId }) => clientId)).size).toBe(20);
    for (const { clientId, audience, trust } of roles) {
      expect(audience).toBe(`api://${clientId}`);
      expect(trust).toContain(`:aud":"${audience}"`);
    }

    await Promise.all(
      roles.slice(0, 17).map(async ({ arn, clientId, audience }, index) => {
        const token = await running.token(clientId, await running.addPassword(clientId), audience);
        const session = await running.assume(arn, token);
        expect(await running.whoAmI(session)).toContain(`/${wanted[index]?.roleName}/`);
        // Another role of the same account.
        const other = roles[index + 3]?.arn ?? '';
        await expect(running.assume(other, token)).rejects.toMatchObject({ name: 'AccessDenied' });
      }),
    );

    await Promise.all(
      wanted.map(({ member, roleName }) => member.iam.send(new DeleteRoleCommand({ RoleName: roleName }))),
    );
    await Promise.all(
      wanted.map(({ member, roleName }) =>
        until(`${roleName} of ${member.accountId} to be removed`, async () => {
          const entries = await running.ledgerEntries(member.accountId, roleName);
          return entries.every(({ phase }) => phase?.S === 'removed') || undefined;
        }),
      ),
    );
    expect(madeInEntra(running).filter((name) => name.includes('-service-'))).toEqual([]);
    const left = (await Promise.all(running.members.map(({ audiences }) => audiences()))).flat();
    expect(roles.filter(({ audience }) => left.includes(audience))).toEqual([]);
  });
});
