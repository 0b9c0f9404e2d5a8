/** Whatever people change while the factory does not hear: one sweep puts right what it may and tells the rest. */
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Step } from '../../../core/drift/step.ts';
import type { SweepReport } from '../../../core/sweep.ts';
import { configureAll } from '../functions.ts';
import { createRole, placeholderOf, trustOn, useFactory, writesOf } from '../harness.ts';
import { findings, sweep } from '../sweeping.ts';
import { watch } from '../watch.ts';
import {
  ALLOWED,
  entryOfRole,
  KINDS,
  type Kind,
  nameOf,
  nextSecond,
  type Place,
  removeRole,
} from './kinds.ts';
import { turnOff } from './off.ts';

/** Roles in all, most of them none of the factory's business. */
const ROLES = 200;
const HEALTHY = 12;
const MEMBERS = 5;
/** Clouds that settle sooner, and a factory that waits less for what is in flight; in seconds of the product. */
const SOONER = {
  SETTLE_SECONDS: '60',
  REPLICATION_SECONDS: '100',
  DRIFT_AGE_SECONDS: '20',
  SWEEP_REMOVALS: '10',
  FEDERATED_CREDENTIALS: JSON.stringify(ALLOWED),
};

const factory = useFactory({ members: MEMBERS });
const placeOf = (kind: Kind): Place => {
  const member = factory().members[kind.account];
  if (!member) throw new Error(`There is no member account ${kind.account}`);
  return { factory: factory(), member, roleName: nameOf(kind) };
};

let first: SweepReport;
let second: SweepReport;
const found = new Map<string, readonly Step[]>();
const foundAgain = new Map<string, readonly Step[]>();
let writesAgain: string[] = [];

beforeAll(async () => {
  await configureAll(factory(), SOONER);
  const watching = watch(factory());
  const served = KINDS.filter(({ before }) => before !== 'none');
  for (const kind of served) {
    const place = placeOf(kind);
    const claims = (await kind.claims?.(place)) ?? {};
    const trust = trustOn(place.member, { aud: placeholderOf(factory()), ...claims });
    await createRole(place.member, place.roleName, trust, { ...(kind.tags && { Tags: kind.tags }) });
  }
  const members = factory().members;
  for (let index = 0; index < HEALTHY; index++) {
    const member = members[index % 2];
    if (member)
      await createRole(member, `healthy-${index}`, trustOn(member, { aud: placeholderOf(factory()) }));
  }
  for (let index = served.length + HEALTHY; index < ROLES; index++) {
    const service = {
      Effect: 'Allow',
      Principal: { Service: 'ec2.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [service] });
    const RoleName = `other-${index}`;
    await members[index % MEMBERS]?.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  }
  const expected = served.length + HEALTHY;
  await watching.until(async () => {
    const all = await watching.executions();
    const over = all.filter(({ status }) => status !== 'RUNNING');
    return { ...(over.length >= expected && { found: true }), instead: over.length };
  });

  const removed = KINDS.filter(({ before }) => before === 'removed');
  for (const kind of removed) await removeRole(placeOf(kind));
  for (const kind of removed) {
    const { member, roleName } = placeOf(kind);
    await watching.ended(member, roleName, { create: 1, delete: 1 });
  }

  await turnOff(factory());
  await nextSecond();
  for (const kind of KINDS) await kind.drift(placeOf(kind));
  await new Promise((resolve) => setTimeout(resolve, 4000));

  first = await sweep(factory());
  for (const { accountId } of members) found.set(accountId, await findings(factory(), first.id, accountId));
  factory().sandbox.recorder.clearCalls();
  second = await sweep(factory());
  for (const { accountId } of members)
    foundAgain.set(accountId, await findings(factory(), second.id, accountId));
  writesAgain = [
    ...writesOf(factory())
      .map(({ service, operation }) => `${service} ${operation}`)
      .filter((operation) => operation !== 'iam TagOpenIDConnectProvider'),
    ...factory()
      .sandbox.recorder.calls()
      .filter(
        ({ operation, caller }) =>
          operation === 'StartExecution' && caller.includes('assumed-role/oidc-factory-'),
      )
      .map(({ caller }) => `StartExecution by ${caller}`),
  ];
}, 180_000);

const about = (steps: ReadonlyMap<string, readonly Step[]>, kind: Kind) =>
  (steps.get(placeOf(kind).member.accountId) ?? []).filter(
    ({ reason, also }) => reason === kind.reason || also.includes(kind.reason),
  );

describe('the first sweep', () => {
  it.each(KINDS)('finds $reason', (kind) => {
    expect(about(found, kind).length).toBeGreaterThan(0);
  });
});

describe('the second sweep', () => {
  it('begins nothing and writes nothing', () => {
    expect(second).toMatchObject({ swept: MEMBERS, failed: [], started: 0, removals: 0 });
    expect(writesAgain).toEqual([]);
  });

  it.each(KINDS.filter(({ outcome }) => outcome === 'healed'))('finds no $reason any more', (kind) => {
    expect(about(foundAgain, kind)).toEqual([]);
  });

  it.each(KINDS.filter(({ outcome }) => outcome === 'told'))('still tells of $reason', (kind) => {
    expect(about(foundAgain, kind).length).toBeGreaterThan(0);
  });
});

describe('the estate', () => {
  it.each(
    KINDS.filter(({ outcome, before, account }) => outcome === 'healed' && account < 2 && before !== 'none'),
  )('$reason', async (kind) => {
    const place = placeOf(kind);
    const isGone = [
      'missed-deletion',
      'orphaned-audience',
      'orphaned-application',
      'consent-withdrawn',
    ].includes(kind.reason);
    expect((await entryOfRole(place)).phase).toBe(isGone ? 'removed' : 'ready');
  });
});
