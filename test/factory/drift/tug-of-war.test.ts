/** The factory never fights: whoever puts the same thing back every time keeps it, and people are told once. */
import {
  AddClientIDToOpenIDConnectProviderCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DriftReason } from '../../../core/drift/reasons.ts';
import { isExecutable } from '../../../core/drift/step.ts';
import { entriesIn } from '../../../lambdas/adapters/ledger-items.ts';
import { configureAll } from '../functions.ts';
import { createRole, logged, placeholderOf, roleWithStatus, trustOn, useFactory } from '../harness.ts';
import { findings, sweep } from '../sweeping.ts';
import { turnOff } from './off.ts';

const factory = useFactory({ members: 1 });
const ROUNDS = [1, 2, 3, 4];

const onList = (Command: typeof AddClientIDToOpenIDConnectProviderCommand, ClientID: string) => {
  const { iam, providerArn } = factory().member;
  return iam.send(new Command({ OpenIDConnectProviderArn: providerArn, ClientID }));
};

/** What IaC does at each of its runs. */
const putBackTrust = () => {
  const { member } = factory();
  const PolicyDocument = JSON.stringify(trustOn(member, { aud: placeholderOf(factory()) }));
  return member.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'trust', PolicyDocument }));
};
const putBackList = async () => {
  const { iam, providerArn, audiences } = factory().member;
  for (const ClientID of await audiences()) {
    if (ClientID === (await audienceOf('trust'))) continue;
    await iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: providerArn, ClientID }),
    );
  }
};

const entryOf = async (roleName: string) => {
  const [entry] = entriesIn(await factory().ledgerEntries(factory().member.accountId, roleName));
  if (!entry) throw new Error(`${roleName} has no entry`);
  return entry;
};
const audienceOf = async (roleName: string) => (await entryOf(roleName)).audience;

interface Round {
  readonly reasons: readonly DriftReason[];
  readonly begun: number;
}
const rounds: Round[] = [];

beforeAll(async () => {
  await configureAll(factory(), { SETTLE_SECONDS: '40', DRIFT_AGE_SECONDS: '20' });
  const { member } = factory();
  await onList(AddClientIDToOpenIDConnectProviderCommand, 'https://of-the-list.example');
  for (const name of ['trust', 'list']) {
    await createRole(member, name, trustOn(member, { aud: placeholderOf(factory()) }));
  }
  for (const name of ['trust', 'list']) await roleWithStatus(member, name, 'ready');
  await turnOff(factory());
  for (const _ of ROUNDS) {
    await putBackTrust();
    await putBackList();
    const { id } = await sweep(factory());
    const steps = await findings(factory(), id, member.accountId);
    rounds.push({ reasons: steps.map(({ reason }) => reason), begun: steps.filter(isExecutable).length });
  }
}, 180_000);

describe('a tug of war', () => {
  it('is fought for two rounds', () => {
    for (const round of rounds.slice(0, 2)) {
      expect(round.reasons).toEqual(['placeholder-missing', 'trust-reverted', 'audience-vanished']);
    }
  });

  it('ends in the third, with a mark on each role', async () => {
    expect(rounds[2]?.reasons).toEqual([
      'placeholder-missing',
      'provider-contested',
      'contested',
      'contested',
    ]);
    for (const name of ['trust', 'list']) {
      expect(await entryOf(name)).toMatchObject({ phase: 'failed', error: { code: 'Contested' } });
      const { tags } = await factory().member.role(name);
      expect(tags['oidc-factory:status']).toBe('failed');
      expect(tags['oidc-factory:detail']).toContain('Contested');
    }
  });

  it('is not taken up again', async () => {
    expect(rounds[3]).toEqual({ reasons: rounds[2]?.reasons, begun: 0 });
    const { member } = factory();
    expect(await member.audiences()).not.toContain(placeholderOf(factory()));
    expect((await member.role('trust')).trust).toContain(placeholderOf(factory()));
  });

  it('is told of once: one failed run for each role, one count for the provider', async () => {
    for (const name of ['trust', 'list']) {
      const failed = (await factory().executions('create-role', name)).filter(
        ({ status }) => status === 'FAILED',
      );
      expect(failed.map(({ error }) => error)).toEqual(['Contested']);
    }
    const counted = await logged(factory(), 'enrol-account', '"ProviderContested":');
    expect(counted).toHaveLength(1);
  });
});
