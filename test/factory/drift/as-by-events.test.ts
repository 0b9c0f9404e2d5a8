/** What events would have done, the next sweep does: the same is done in two accounts, and one of them is not heard. */
import {
  DeleteRoleCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import { isLive } from '../../../core/ledger-entry.ts';
import { entriesIn } from '../../../lambdas/adapters/ledger-items.ts';
import type { MemberClient } from '../../../sandbox/clients.ts';
import { configureAll } from '../functions.ts';
import { createRole, placeholderOf, quiet, trustOn, useFactory } from '../harness.ts';
import { allItems, resting, sweep } from '../sweeping.ts';
import { watch } from '../watch.ts';
import { nextSecond } from './kinds.ts';
import { turnOff } from './off.ts';

const SOONER = { SETTLE_SECONDS: '60', REPLICATION_SECONDS: '100', DRIFT_AGE_SECONDS: '20' };
const SERVED = ['kept', 'deleted', 'reverted', 'edited', 'unlisted', 'recreated'];
const ALL = [...SERVED, 'created', 'short-lived', 'made-web-identity', 'not-consenting'];

const factory = useFactory({ members: 2 });
const memberOf = (index: 0 | 1): MemberClient => {
  const member = factory().members[index];
  if (!member) throw new Error(`There is no member account ${index}`);
  return member;
};

const asking = (member: MemberClient) => trustOn(member, { aud: placeholderOf(factory()) });
const update = ({ iam }: MemberClient, RoleName: string, trust: object) =>
  iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(trust) }));
const remove = ({ iam }: MemberClient, RoleName: string) => iam.send(new DeleteRoleCommand({ RoleName }));
const audienceOf = async (member: MemberClient, roleName: string): Promise<string> => {
  const [entry] = entriesIn(await factory().ledgerEntries(member.accountId, roleName));
  return entry?.audience ?? '';
};

/** What people do within the hour. */
async function anHour(member: MemberClient): Promise<void> {
  await createRole(member, 'created', asking(member));
  await createRole(member, 'short-lived', asking(member));
  await createRole(member, 'not-consenting', trustOn(member, { aud: 'api://somebody-else/app' }));
  const service = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
  await createRole(member, 'made-web-identity', { Version: '2012-10-17', Statement: [service] });
  await update(member, 'made-web-identity', asking(member));
  await remove(member, 'short-lived');
  await remove(member, 'deleted');
  await remove(member, 'recreated');
  await createRole(member, 'recreated', asking(member));
  await update(member, 'reverted', asking(member));
  await member.iam.send(
    new TagRoleCommand({ RoleName: 'reverted', Tags: [{ Key: 'team', Value: 'payments' }] }),
  );
  await update(member, 'edited', trustOn(member, { aud: await audienceOf(member, 'edited') }));
  for (const ClientID of [await audienceOf(member, 'unlisted'), placeholderOf(factory())]) {
    await member.iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({
        OpenIDConnectProviderArn: member.providerArn,
        ClientID,
      }),
    );
  }
}

/** Everything of an account in both clouds and the ledger, without ids and times. */
async function stateOf(member: MemberClient) {
  const { accountId } = member;
  const role = async (name: string) => {
    const { trust, tags } = await member.role(name).catch(() => ({ trust: 'null', tags: {} }));
    return [name, { trust: JSON.parse(trust), tags }] as const;
  };
  const { body: applications } = await factory().graph(
    'GET',
    `/applications?$filter=tags/any(t:t eq 'aws-account:${accountId}')&$expand=owners`,
  );
  const principals = await Promise.all(
    applications.value.map(async ({ appId }: { appId: string }) => {
      const { body } = await factory().graph('GET', `/servicePrincipals(appId='${appId}')`);
      return body;
    }),
  );
  const entries = entriesIn(await allItems(factory()))
    .filter((entry) => entry.accountId === accountId && isLive(entry))
    // Which event brought it and who created the role, only the event tells.
    .map(({ createdBy: _by, eventIds: _events, version: _version, ...entry }) => entry);
  return anonymous({
    roles: Object.fromEntries(await Promise.all(ALL.map(role))),
    provider: (await member.audiences()).toSorted(),
    applications: applications.value,
    principals,
    entries,
  });
}

const anonymous = (state: object) => {
  const text = JSON.stringify(state)
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'guid')
    .replace(/AROA[A-Z0-9]+/g, 'role-id')
    .replace(/44445555600\d/g, 'account')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time');
  const { roles, provider, applications, principals, entries } = JSON.parse(text);
  const sorted = (list: object[]) => list.map((one) => JSON.stringify(one)).toSorted();
  return {
    roles,
    provider: provider.toSorted(),
    applications: sorted(applications),
    principals: sorted(principals),
    entries: sorted(entries),
  };
};

describe('an hour in which an account is not heard', () => {
  beforeAll(async () => {
    await configureAll(factory(), SOONER);
    const watching = watch(factory());
    for (const member of factory().members) {
      for (const name of SERVED) await createRole(member, name, asking(member));
    }
    for (const member of factory().members) {
      for (const name of SERVED) await watching.ended(member, name, { create: 1 });
    }
    await turnOff(factory(), memberOf(1));
    await nextSecond();
    await anHour(memberOf(0));
    await anHour(memberOf(1));
    await quiet(factory());
    await resting(factory());
    await sweep(factory());
  }, 180_000);

  it('ends in the state that its events would have led to', async () => {
    expect(await stateOf(memberOf(1))).toEqual(await stateOf(memberOf(0)));
  });

  it('which is that all that ask for it are served', async () => {
    const entries = entriesIn(await allItems(factory())).filter(isLive);
    const ready = entries.filter(
      ({ phase, accountId }) => phase === 'ready' && accountId === memberOf(1).accountId,
    );
    expect(ready.map(({ roleName }) => roleName).toSorted()).toEqual(
      ['created', 'edited', 'kept', 'made-web-identity', 'recreated', 'reverted', 'unlisted'].toSorted(),
    );
  });
});
