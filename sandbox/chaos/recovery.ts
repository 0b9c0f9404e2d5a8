/** After the faults: what is not as it must be was announced, and is run again the way an operator would. */
import { type Census, type Observers, takeCensus } from './census.ts';
import { editAgain, wantsService } from './developers.ts';
import type { Estate, Incarnation, Violation } from './estate.ts';
import type { Run } from './executions.ts';
import { problemsOf } from './judge-rest.ts';
import type { Trail } from './trail.ts';

interface RecoveryOptions {
  readonly observers: Observers;
  readonly estate: Estate;
  readonly trail: Trail;
  readonly factoryAppId: string;
  readonly rest: () => Promise<void>;
}

export interface Recovery {
  /** Role names whose events were run again, in the first round. */
  readonly rerun: number;
  readonly rounds: number;
  readonly violations: readonly Violation[];
}

/** One round should do; an operator would look closer after some more. */
const MOST_ROUNDS = 3;
const isFailure = ({ status }: Run): boolean => status !== 'SUCCEEDED' && status !== 'RUNNING';

/** Resolves at rest. */
export async function recover(options: RecoveryOptions): Promise<Recovery> {
  const { observers, estate, trail, factoryAppId, rest } = options;
  const violations: Violation[] = [];
  let rerun = 0;
  for (let round = 1; ; round++) {
    const census = await takeCensus(observers, estate.living());
    const letters = deadLetters(census);
    const unwell = estate.all().filter((role) => problemsOf(role, census, factoryAppId).length > 0);
    if (round === 1)
      violations.push(...unwell.flatMap((role) => unannounced(role, census, letters, factoryAppId)));
    if ((unwell.length === 0 && letters === 0) || round > MOST_ROUNDS) {
      return { rerun, rounds: round - 1, violations };
    }
    for (const role of unwell.filter(isUndone)) {
      const member = observers.clients.members.find(({ accountId }) => accountId === role.accountId);
      if (member) await editAgain(member, role);
    }
    const events = new Map(
      unwell.flatMap(({ accountId, roleName }) =>
        trail.eventsOf(accountId, roleName).map(({ eventId, eventTime }) => [eventId, eventTime] as const),
      ),
    );
    if (round === 1) rerun = new Set(unwell.map(({ accountId, roleName }) => accountId + roleName)).size;
    await observers.operator.redrive();
    await observers.operator.replay([...events.values()].map((time) => Math.floor(Date.parse(time) / 1000)));
    await rest();
  }
}

const deadLetters = ({ queues }: Census): number =>
  queues
    .filter(({ deadLettersTo }) => deadLettersTo === undefined)
    .reduce((sum, { messages }) => sum + messages, 0);

/** The developer wants service, and the policy is not what was last written, nor made of it. */
function isUndone(role: Incarnation): boolean {
  return wantsService(role) && role.written.length > 1;
}

/**
 * What is not as it must be has to be announced: by a failed execution, or by a dead letter. Only what became of a
 * later edit may be told to nobody: a write of the factory has undone it, or its event names no tenant and goes nowhere.
 */
function unannounced(role: Incarnation, census: Census, letters: number, factoryAppId: string): Violation[] {
  const { accountId, roleName, roleId } = role;
  const isEdited = role.written.length > 1 || role.ignored !== undefined;
  const isOf = (run: Run) =>
    run.accountId === accountId && run.roleName.toLowerCase() === roleName.toLowerCase();
  const isAnnounced = census.runs.some((run) => isOf(run) && isFailure(run));
  if (isAnnounced || isEdited || letters > 0) return [];
  return problemsOf(role, census, factoryAppId).map((problem) => ({
    ...problem,
    rule: 7,
    accountId,
    roleName,
    roleId,
    found: `${problem.found}, and nothing announces it`,
  }));
}
