import { type ErrorCode, FactoryError } from '../core/errors.ts';
import { DURATIONS } from '../lib/durations.ts';
import { type Call, named, never, type Perform } from './calls.ts';
import type { MemoryClock } from './clouds/memory-clock.ts';
import type { Execution } from './engine.ts';
import type { Chance } from './random.ts';
import type { Fault, Weather } from './schedule.ts';
import { CALL_SITES, type CallSite, type FaultKind, faultKindsOf, METHODS, methodOf } from './sites.ts';

/** As long as a client waits for an answer. */
const REQUEST_TIMEOUT_MS = 10_000;

const SITES = new Set<CallSite>(CALL_SITES);

/** What a service calls its own failure to serve, where no function of ours is asked. */
const OF_SERVICE: Readonly<Record<string, Readonly<Partial<Record<FaultKind, string>>>>> = {
  'lambda.invoke': {
    throttled: 'Lambda.TooManyRequestsException',
    unavailable: 'Lambda.ServiceException',
    'lost-answer': 'Lambda.Unknown',
  },
  'states.startExecution': {
    throttled: 'StepFunctions.ThrottlingException',
    unavailable: 'StepFunctions.AWSStepFunctionsException',
    'lost-answer': 'StepFunctions.SdkClientException',
  },
};

/** Makes the calls of a run meet its faults and take their time. */
export class Faults {
  /** How often each call site was reached. */
  readonly reached = new Map<CallSite, number>();
  /** Faults that calls have met, as often as they did. */
  readonly met: { readonly site: CallSite; readonly kind: FaultKind }[] = [];
  readonly #faults: readonly Fault[];
  readonly #deniedUntil = new Map<Fault, number>();
  readonly #clock: MemoryClock;
  readonly #chance: Chance;
  readonly #latencyMs: number;
  readonly #onAbort: (execution: Execution) => void;

  constructor(
    faults: readonly Fault[],
    around: {
      readonly clock: MemoryClock;
      readonly chance: Chance;
      readonly weather: Pick<Weather, 'latencyMs'>;
      readonly onAbort: (execution: Execution) => void;
    },
  ) {
    this.#faults = faults;
    this.#clock = around.clock;
    this.#chance = around.chance;
    this.#latencyMs = around.weather.latencyMs;
    this.#onAbort = around.onAbort;
  }

  perform: Perform = async (call, effect, behind) => {
    const fault = this.#meet(call.site);
    if (this.#latencyMs > 0) await this.#clock.sleep(this.#chance.next() * this.#latencyMs);
    if (call.invocation?.isOver) return never();
    if (!fault) return effect();
    this.met.push({ site: call.site, kind: fault.kind });
    return this.#suffer(fault, call, effect, behind);
  };

  #meet(site: CallSite): Fault | undefined {
    if (!SITES.has(site)) throw new Error(`${site} is not in the table of call sites`);
    const count = (this.reached.get(site) ?? 0) + 1;
    this.reached.set(site, count);
    return this.#faults.find((fault) => {
      if (fault.site !== site || count < fault.nth) return false;
      if (fault.kind !== 'denied') return count < fault.nth + fault.times;
      const until = this.#deniedUntil.get(fault) ?? this.#clock.now() + fault.ms;
      this.#deniedUntil.set(fault, until);
      return this.#clock.now() < until;
    });
  }

  async #suffer(
    { kind, ms }: Fault,
    call: Call,
    effect: () => Promise<unknown>,
    behind: Parameters<Perform>[2],
  ): Promise<unknown> {
    const { invocation, execution } = call;
    const method = methodOf(call.site);
    const failure = (code: ErrorCode): Error => {
      const name = OF_SERVICE[method]?.[kind];
      return name ? named(name) : new FactoryError(code);
    };
    switch (kind) {
      case 'throttled':
        throw failure('Throttled');
      case 'unavailable':
        throw failure('Unavailable');
      case 'timed-out':
        await this.#clock.sleep(REQUEST_TIMEOUT_MS);
        throw failure('Unavailable');
      case 'slow': {
        const answer = await effect();
        await this.#clock.sleep(ms);
        return answer;
      }
      case 'lost-answer':
        await effect();
        throw failure('Unavailable');
      case 'repeated':
        await effect().catch(() => undefined);
        return effect();
      case 'stale':
        return behind(ms, effect);
      case 'unseen':
        throw failure(unseen(method));
      case 'conflict':
        throw failure(conflict(method));
      case 'denied':
        throw failure(denied(method));
      case 'killed-before':
        invocation?.end(named('Runtime.ExitError'));
        return never();
      case 'killed-after':
        await effect().catch(() => undefined);
        invocation?.end(named('Runtime.ExitError'));
        return never();
      case 'hung': {
        const left = (invocation?.startedAt ?? 0) + DURATIONS.functionTimeout * 1000 - this.#clock.now();
        await this.#clock.sleep(Math.min(ms, left - 1));
        await effect().catch(() => undefined);
        return never();
      }
      case 'aborted':
        if (execution) {
          execution.stop();
          this.#onAbort(execution);
        }
        return effect();
    }
  }
}

/** A replica that does not know the object yet. */
const unseen = (method: ReturnType<typeof methodOf>): ErrorCode =>
  METHODS[method].service === 'entra' ? 'NotReplicated' : 'RoleGone';

/** ConcurrentModification of IAM, Directory_ConcurrencyViolation of Graph, a failed condition of DynamoDB. */
const conflict = (method: ReturnType<typeof methodOf>): ErrorCode => {
  const { service } = METHODS[method];
  if (service === 'ledger') return 'LedgerConflict';
  return service === 'entra' ? 'NotReplicated' : 'Throttled';
};

const denied = (method: ReturnType<typeof methodOf>): ErrorCode => {
  const { service, effect } = METHODS[method];
  if (service === 'ledger') return 'LedgerForbidden';
  if (service === 'entra') return 'DirectoryForbidden';
  if (service === 'states') return 'Unexpected';
  return effect === 'session' ? 'MemberRoleNotAssumable' : 'MemberAccessDenied';
};

/** One fault of a kind, of the length that it usually has. */
export const faultOf = (site: CallSite, kind: FaultKind, nth = 1): Fault => {
  if (!faultKindsOf(site).includes(kind)) throw new Error(`${kind} cannot happen at ${site}`);
  return { site, kind, nth, times: 1, ms: USUAL_MS[kind] ?? 0 };
};

export const USUAL_MS: Readonly<Partial<Record<FaultKind, number>>> = {
  slow: 30_000,
  stale: 120_000,
  denied: 180_000,
  hung: 60_000,
};
