/** Broken on purpose, one safeguard at a time: the simulator must notice, or its silence means nothing. */
import { describe, expect, it, vi } from 'vitest';
import { roleName } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { RoleView } from '../../lambdas/ports.ts';
import { parseDefinition } from '../../sandbox/asl/parse-definition.ts';
import { DEFINITIONS, definitionText } from '../../simulator/definitions.ts';
import { OTHER_PATHS, replacements, singleFaults } from '../../simulator/exhaustive.ts';
import { generate } from '../../simulator/generate.ts';
import { type Mutation, run } from '../../simulator/run.ts';
import type { Schedule } from '../../simulator/schedule.ts';
import type { World } from '../../simulator/world.ts';

type Broken = 'role-id of removal' | 'managed rule' | 'squat check' | 'pin';
const broken = vi.hoisted(() => ({ now: undefined as Broken | undefined }));

vi.mock('../../core/gone.ts', async (original) => {
  const actual = await original<typeof import('../../core/gone.ts')>();
  const proveGone: typeof actual.proveGone = (question) => {
    const { observed, entry } = question;
    const same =
      broken.now === 'role-id of removal' && observed ? { ...observed, roleId: entry.roleId } : observed;
    return actual.proveGone({ ...question, observed: same });
  };
  return { ...actual, proveGone };
});

vi.mock('../../core/consent.ts', async (original) => {
  const actual = await original<typeof import('../../core/consent.ts')>();
  const evaluateConsent: typeof actual.evaluateConsent = (question) =>
    actual.evaluateConsent(
      broken.now === 'managed rule' ? { ...question, recordedAudience: undefined } : question,
    );
  return { ...actual, evaluateConsent };
});

vi.mock('../../core/application.ts', async (original) => {
  const actual = await original<typeof import('../../core/application.ts')>();
  const unless =
    <Args extends unknown[]>(problems: (...args: Args) => string[]) =>
    (...args: Args): string[] =>
      broken.now === 'squat check' ? [] : problems(...args);
  return {
    ...actual,
    adoptionProblems: unless(actual.adoptionProblems),
    verificationProblems: unless(actual.verificationProblems),
  };
});

vi.mock('../../core/trust-policy/rewrite.ts', async (original) => {
  const actual = await original<typeof import('../../core/trust-policy/rewrite.ts')>();
  const rewriteTrustPolicy: typeof actual.rewriteTrustPolicy = (request) => {
    const rewritten = actual.rewriteTrustPolicy(request);
    if (broken.now !== 'pin') return rewritten;
    const pin = new RegExp(`,"[^"]+:sub":"${request.servicePrincipalId}"`, 'g');
    const document = rewritten.document.replace(pin, '');
    return { ...rewritten, document, changed: document !== request.trustPolicy };
  };
  return { ...actual, rewriteTrustPolicy };
});

const writing = (
  edit: (
    world: World,
    next: LedgerEntry,
    previous: LedgerEntry | undefined,
  ) => Promise<[LedgerEntry, LedgerEntry | undefined]>,
) =>
  ({
    change: (world) => {
      const { write } = world.ledger;
      world.ledger.write = async (next, previous) => write(...(await edit(world, next, previous)));
    },
  }) satisfies Mutation;

const MUTATIONS: readonly (readonly [what: string, mutation: Mutation, which?: Broken])[] = [
  ['whether the role that exists is the one to be removed', {}, 'role-id of removal'],
  [
    'whether the role to be written is the one that was inspected',
    {
      wrap: (ports, by) => ({
        ...ports,
        accounts: {
          inspect: (target) => ports.accounts.inspect(target),
          provider: (target) => ports.accounts.provider(target),
          trust: async (target) => {
            const access = await ports.accounts.trust(target);
            const asIfOurs = (role: RoleView | undefined) => role && { ...role, roleId: target.roleId };
            return {
              getRole: async (name) => asIfOurs(await access.getRole(name)),
              getProvider: (arn) => access.getProvider(arn),
              updateTrustPolicy: (name, document) => access.updateTrustPolicy(name, document),
              tagRole: (name, tags) => access.tagRole(name, tags),
            };
          },
        },
        ...(by === 'assign-audience' ? {} : { accounts: ports.accounts }),
      }),
    },
  ],
  [
    'the condition on the mark',
    {
      change: ({ accounts }) => {
        const { trust } = accounts;
        accounts.trust = async (target) => ({
          ...(await trust(target)),
          updateTrustPolicy: async (name, trustPolicy) => {
            accounts.changeRole(target.accountId, roleName(name), { trustPolicy });
          },
        });
      },
    },
  ],
  ['the fence of the ledger', writing(async ({ ledger }, next) => [next, await ledger.read(next)])],
  [
    'the intent',
    writing(async (_, next, previous) => {
      const { applicationIntentAt: _intent, ...without } = next;
      return [next.applicationObjectId ? next : without, previous];
    }),
  ],
  ['the wait before a removal', { settings: { writersSeconds: 0 } }],
  ['the rule that the factory’s own audience does not withdraw consent', {}, 'managed rule'],
  ['the check of who made an application', {}, 'squat check'],
  ['the pin', {}, 'pin'],
  [
    'a retry',
    {
      definitions: {
        ...DEFINITIONS,
        'create-role': parseDefinition(definitionText('create-role').replaceAll('"Unavailable",', '')),
      },
    },
  ],
];

const meetings = [
  ...(await singleFaults(OTHER_PATHS['a role that is deleted within seconds'] as Schedule)),
  ...(await singleFaults(OTHER_PATHS['a role that is replaced within seconds'] as Schedule)),
];
/** What happens long after it was begun meets most of what came in between. */
const late = meetings.filter(({ faults }) => faults.some(({ kind }) => kind === 'slow' || kind === 'hung'));
const orders = await replacements();
const RUNS = 3000;

/** Of each family in turn, from all over it. */
function scheduleAt(index: number): Schedule {
  const turn = Math.floor(index / 4);
  const at = (family: readonly Schedule[]) => family[(turn * 7919) % family.length] as Schedule;
  return [generate(index), at(meetings), at(late), at(orders)][index % 4] as Schedule;
}

/** How many runs it takes until something is violated; undefined: more than can be waited for. */
async function runsUntilFound(mutation: Mutation): Promise<number | undefined> {
  for (let index = 1; index <= RUNS; index++) {
    if ((await run(scheduleAt(index), mutation)).violations.length > 0) return index;
  }
  return undefined;
}

describe('the simulator notices when the factory goes without', () => {
  it.each(MUTATIONS.map(([what, mutation, which]) => ({ what, mutation, which })))(
    '$what',
    { timeout: 60_000 },
    async ({ mutation, which }) => {
      broken.now = which;
      try {
        const found = await runsUntilFound(mutation);
        expect(found).toBeDefined();
      } finally {
        broken.now = undefined;
      }
    },
  );
});
