/** The developers of a run: each lives one story, at its times or later where the factory has more than enough to do. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { MemberClient } from '../clients.ts';
import type { Chance } from './chance.ts';
import { type Estate, IGNORE_TAG, type Incarnation } from './estate.ts';
import type { Act, Story } from './script.ts';
import { admissionOf, pinnedTo, SERVED, type Trust, type TrustTerms, trustOf, withdrawn } from './trust.ts';

export interface DevelopersOptions {
  readonly stories: readonly Story[];
  readonly members: readonly MemberClient[];
  readonly termsOf: (member: MemberClient) => TrustTerms;
  readonly estate: Estate;
  readonly draw: Chance;
  /** What a second of the product's time takes in reality. */
  readonly timeScale: number;
  /** Whether developers should hold on for a moment. */
  readonly isBusy: () => boolean;
}

/** Milliseconds between two looks at the clock. */
const TICK_MS = 100;

/** Resolves when every story has come to its end. `report` is told how many steps are done. */
export async function liveStories(
  options: DevelopersOptions,
  report: (stepsDone: number) => void,
): Promise<void> {
  let [now, done, isOver] = [0, 0, false];
  const clock = async (): Promise<void> => {
    while (!isOver) {
      await delay(TICK_MS);
      if (!options.isBusy()) now += TICK_MS / 1000 / options.timeScale;
    }
  };
  const live = async ({ member: index, roleName, steps }: Story): Promise<void> => {
    const member = options.members[index];
    if (!member) throw new RangeError(`There is no member account ${index}`);
    for (const { at, act } of steps) {
      while (now < at) await delay(TICK_MS);
      await perform(options, member, roleName, act);
      report(++done);
    }
  };
  const running = clock();
  try {
    await Promise.all(options.stories.map(live));
  } finally {
    isOver = true;
    await running;
  }
}

async function perform(
  { estate, termsOf, draw }: DevelopersOptions,
  member: MemberClient,
  RoleName: string,
  act: Act,
): Promise<void> {
  const { iam, accountId } = member;
  const terms = termsOf(member);
  const write = (trust: Trust) =>
    iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(trust) }));
  switch (act.kind) {
    case 'create': {
      const trust = trustOf(act.shape, terms, someAudience(estate, accountId, draw));
      estate.announce(accountId, RoleName, act.shape);
      await iam.send(
        new CreateRoleCommand({
          RoleName: act.spelled,
          AssumeRolePolicyDocument: JSON.stringify(trust),
          ...(act.shape === 'ignored' && { Tags: [{ Key: IGNORE_TAG, Value: 'ours' }] }),
        }),
      );
      return;
    }
    case 'delete':
      await iam.send(new DeleteRoleCommand({ RoleName }));
      return;
    case 'tag':
      await iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: 'team', Value: 'exports' }] }));
      return;
    case 'ignore':
      await iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: IGNORE_TAG, Value: 'for now' }] }));
      return;
    case 'heed':
      await iam.send(new UntagRoleCommand({ RoleName, TagKeys: [IGNORE_TAG] }));
      return;
    case 'pin': {
      const role = await member.role(RoleName);
      const trust = pinnedTo(JSON.parse(role.trust), terms);
      if (trust) await write(trust);
      return;
    }
    case 'restore': {
      const original = estate.of(accountId, RoleName).at(-1)?.written[0]?.trust;
      if (original) await write(original);
      return;
    }
    case 'withdraw':
      await write(withdrawn());
      return;
  }
}

/** The audience of another role that is served right now; of no role at all where there is none yet. */
function someAudience(estate: Estate, accountId: string, draw: Chance): string {
  const served = estate
    .living()
    .filter((role) => role.accountId === accountId)
    .flatMap(({ admitted }) => [...admitted.keys()]);
  return draw.pickAny(served) ?? 'api://00000000-0000-4000-8000-000000000000';
}

/** Edits that a write of the factory has undone are made again, as IaC or a person would. */
export async function editAgain(member: MemberClient, role: Incarnation): Promise<void> {
  const wanted = role.written.at(-1)?.trust;
  if (!wanted) return;
  await member.iam.send(
    new UpdateAssumeRolePolicyCommand({ RoleName: role.roleName, PolicyDocument: JSON.stringify(wanted) }),
  );
}

/** Whether the developer wants the role served, as things are. */
export const wantsService = (role: Incarnation): boolean =>
  role.deletedAt === undefined &&
  SERVED.includes(role.shape) &&
  role.ignored?.now !== true &&
  admissionOf(role.written.at(-1)?.trust ?? withdrawn(), role.providerArn) !== undefined;
