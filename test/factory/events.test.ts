/** Whatever order events arrive in, and however often: what holds at rest is the same. */
import { EventBridgeClient, ListArchivesCommand, StartReplayCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { MemberClient } from '../../sandbox/clients.ts';
import type { Fault } from '../../sandbox/recorder.ts';
import { type Estate, estateOf } from './estate.ts';
import { useScene } from './scene.ts';
import { together } from './together.ts';
import { roleIdOf } from './trail.ts';

const scene = useScene(2);
const { trail, factory, watched, create, remove } = scene;

const phases = (entries: readonly LedgerEntry[]): string =>
  entries
    .map(({ phase }) => phase)
    .sort()
    .join();

/** Slows one call down, by most of a second. */
const slow = (at: Omit<Fault, 'kind' | 'times'>) =>
  scene.strike({ ...at, kind: 'delay', delayMs: 16_000, times: 1 });

async function severalTimes(): Promise<void> {
  const { member } = factory();
  trail.hold('twice');
  await create(member, 'twice');
  const [creation] = trail.of('CreateRole', 'twice');
  for (let n = 0; n < 3; n++) trail.deliver(creation);
  await scene.ready(member, 'twice');
  trail.deliver(creation);
  await scene.nextSecond();
  await remove(member, 'twice');
  const [deletion] = trail.of('DeleteRole', 'twice');
  for (let n = 0; n < 3; n++) trail.deliver(deletion);
  await scene.removed(member, 'twice');
  trail.deliver(creation);
  trail.deliver(deletion);
  const executions = await watched().ended(member, 'twice', { create: 1, delete: 1 });
  expect(executions.map(({ workflow, status }) => `${workflow} ${status}`)).toEqual([
    'create-role SUCCEEDED',
    'delete-role SUCCEEDED',
  ]);
}

async function deletionFirst(): Promise<void> {
  const { member } = factory();
  trail.hold('reordered');
  await create(member, 'reordered');
  await remove(member, 'reordered');
  trail.deliver(trail.of('DeleteRole', 'reordered')[0]);
  trail.deliver(trail.of('CreateRole', 'reordered')[0]);
  const [execution] = await watched().ended(member, 'reordered', { create: 1 });
  expect(JSON.parse(execution?.output ?? '')).toMatchObject({ outcome: 'skip', reason: 'role-gone' });
  expect(await factory().ledgerEntries(member.accountId, 'reordered')).toEqual([]);
}

/** The events of two lives of one name, the newest first. */
async function newestFirst(): Promise<void> {
  const { member } = factory();
  trail.hold('backwards');
  await create(member, 'backwards');
  await remove(member, 'backwards');
  await create(member, 'backwards');
  const [first, second] = trail.of('CreateRole', 'backwards');
  trail.deliver(second);
  await watched().ended(member, 'backwards', { create: 1 });
  trail.deliver(trail.of('DeleteRole', 'backwards')[0]);
  trail.deliver(first);
  await watched().ended(member, 'backwards', { create: 2, delete: 1 });
  const entry = await scene.entry(member, 'backwards');
  expect(entry).toMatchObject({ phase: 'ready', roleId: second && roleIdOf(second) });
}

async function twoAccounts(): Promise<void> {
  const [one, other] = [scene.member(0), scene.member(1)];
  await Promise.all([create(one, 'twin'), create(other, 'twin')]);
  await Promise.all([scene.ready(one, 'twin'), scene.ready(other, 'twin')]);
  const clientId = async (member: MemberClient) => (await member.role('twin')).tags['oidc-factory:client-id'];
  const [left, right] = await Promise.all([clientId(one), clientId(other)]);
  expect(left).not.toBe(right);
  expect(await one.audiences()).not.toContain(`api://${right}`);
  await scene.nextSecond();
  await remove(one, 'twin');
  await scene.removed(one, 'twin');
  expect(await other.audiences()).toContain(`api://${right}`);
  expect((await other.role('twin')).trust).toContain(`api://${right}`);
}

/** No event tells of the deletion: the run that serves the role finds out, and has it removed. */
async function untold(): Promise<void> {
  const { member } = factory();
  trail.hold('untold');
  await create(member, 'untold');
  const [creation] = trail.of('CreateRole', 'untold');
  const moment = MOMENTS['the last look at the role']?.('untold', creation?.eventID ?? '');
  const { struck } = slow(moment ?? {});
  trail.deliver(creation);
  await struck();
  await remove(member, 'untold');
  const executions = await watched().ended(member, 'untold', { create: 1, delete: 1 });
  expect(JSON.parse(executions[0]?.output ?? '')).toEqual({ outcome: 'removal-started' });
  await scene.removed(member, 'untold');
}

type Moment = (roleName: string, eventId: string) => Omit<Fault, 'kind' | 'times'>;

/** A call that the run of an event makes in the member account. */
const inMember =
  (operation: string, purpose: 'inspect' | 'provider' | 'trust'): Moment =>
  (_, eventId) => ({ service: 'iam', operation, about: `oidc-factory-${purpose}/${eventId}` });

/** Calls of a create run, in their order; during each of them something else may happen. */
const MOMENTS: Readonly<Record<string, Moment>> = {
  'the first look at the role': inMember('GetRole', 'inspect'),
  'the claim of the ledger entry': (name) => ({
    service: 'dynamodb',
    operation: 'TransactWriteItems',
    about: `#${name}"`,
  }),
  'the mark on the role': inMember('TagRole', 'inspect'),
  // JSON in JSON: the body of a request.
  'the creation of the application': (name) => ({
    service: 'graph',
    operation: 'POST /applications',
    about: `-${name}\\"`,
  }),
  'the addition of the audience': inMember('AddClientIDToOpenIDConnectProvider', 'provider'),
  'the last look at the role': inMember('GetRole', 'trust'),
  'the write of the trust policy': inMember('UpdateAssumeRolePolicy', 'trust'),
  'the tag that says ready': inMember('TagRole', 'trust'),
};

interface Act {
  readonly events: { readonly create: number; readonly delete?: number };
  act(member: MemberClient, roleName: string): Promise<unknown>;
  isOver(phases: string): boolean;
}

const ACTS: Readonly<Record<string, Act>> = {
  deleted: {
    events: { create: 1 },
    act: remove,
    isOver: (now) => now === '' || now === 'removed',
  },
  'replaced under its name': {
    events: { create: 2 },
    act: async (member, roleName) => {
      await remove(member, roleName);
      await create(member, roleName);
    },
    isOver: (now) => now === 'ready' || now === 'ready,removed',
  },
  'replaced by one that is not for the factory': {
    events: { create: 2 },
    act: async (member, roleName) => {
      await remove(member, roleName);
      await create(member, roleName, 'https://management.azure.com');
    },
    isOver: (now) => now === '' || now === 'removed',
  },
};

const races = Object.keys(ACTS).flatMap((act, number) =>
  Object.keys(MOMENTS).map((moment, index) => ({ act, moment, roleName: `race-${number}-${index}` })),
);

async function race({ act, moment, roleName }: (typeof races)[number]): Promise<void> {
  const { member } = factory();
  const { events, act: intervene, isOver } = ACTS[act] as Act;
  trail.hold(roleName);
  await create(member, roleName);
  await scene.nextSecond();
  const [creation] = trail.of('CreateRole', roleName);
  const { struck } = slow((MOMENTS[moment] as Moment)(roleName, creation?.eventID ?? ''));
  trail.letGo(roleName);
  trail.deliver(creation);
  await struck();
  await intervene(member, roleName);
  await watched().ended(member, roleName, events);
  await watched().entries(member, roleName, (entries) => isOver(phases(entries)));
}

const outcome = together({
  ...{ severalTimes, deletionFirst, newestFirst, twoAccounts, untold },
  ...Object.fromEntries(races.map((one) => [one.roleName, () => race(one)])),
});

describe('events', () => {
  it('that arrive several times run once', () => outcome('severalTimes'));
  it('in the wrong order, deletion first, make nothing', () => outcome('deletionFirst'));
  it('of two lives of a name, newest first, leave the living one served', () => outcome('newestFirst'));
  it('of two accounts with the same role name do not touch each other', () => outcome('twoAccounts'));
  it('that are missing are made up for by the run that notices', () => outcome('untold'));
});

describe('a role', () => {
  it.each(races)('$act during $moment ends as if it had not been there before', ({ roleName }) =>
    outcome(roleName),
  );
});

describe('at rest', () => {
  it('everything holds that must always hold', () => scene.invariants());

  it('a replay of the whole archive runs everything again and changes nothing', async () => {
    const before = await picture();
    await replay();
    const { tenantId } = factory().sandbox.world;
    const created = trail
      .records()
      .filter(({ eventName }) => eventName === 'CreateRole')
      .filter(({ requestParameters }) => JSON.stringify(requestParameters).includes(tenantId));
    await watched().until(async () => {
      const names = (await watched().executions()).map(({ name = '' }) => name);
      const again = created.filter(({ eventID }) =>
        names.some((name) => REPLAYED.test(name) && name.startsWith(eventID)),
      );
      return {
        ...(again.length === created.length && { found: true }),
        instead: `${again.length} of ${created.length}`,
      };
    });
    await scene.invariants();
    expect(await picture()).toEqual(before);
  });
});

/** A run of a replay carries a hash of the replay's name after the event's id. */
const REPLAYED = /^[0-9a-f-]{36}-[0-9a-f]{8}$/;

async function replay(): Promise<void> {
  const { sandbox, awsOptions } = factory();
  const credentials = sandbox.ready.aws.factory;
  const events = new EventBridgeClient({ ...awsOptions, credentials });
  const { Archives: [archive] = [] } = await events.send(new ListArchivesCommand({}));
  await events.send(
    new StartReplayCommand({
      ReplayName: 'after-a-repair',
      EventSourceArn: `arn:aws:events:${awsOptions.region}:${credentials.accountId}:archive/${archive?.ArchiveName}`,
      Destination: { Arn: archive?.EventSourceArn },
      EventStartTime: new Date(Date.now() - 3_600_000),
      EventEndTime: new Date(Date.now() + 1000),
    }),
  );
}

/** All that anybody could see change. */
async function picture(): Promise<Omit<Estate, 'executions' | 'messages'>> {
  const { executions: _runs, messages: _messages, ...estate } = await estateOf(factory(), watched());
  return { ...estate, entries: [...estate.entries].sort((a, b) => a.roleId.localeCompare(b.roleId)) };
}
