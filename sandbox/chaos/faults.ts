/** The faults of a run: what may befall each service, and how often it did. */
import type { Fault, FaultKind, RecordedCall, SandboxRecorder } from '../recorder.ts';

type Chances = Partial<Record<FaultKind, number>>;
type Target = Pick<Fault, 'cloud' | 'service' | 'operation' | 'about'>;

/** Calls by the factory's functions, in sessions of their own or of member roles; nobody else is disturbed. */
const BY_FUNCTIONS = ':assumed-role/oidc-factory-';

const COMMON: Chances = { throttle: 0.03, error: 0.02, 'lost-answer': 0.025, delay: 0.02 };

/** Milliseconds of the product's time: longer than a read lags, shorter than settling takes. */
const MAX_STALENESS_MS = 60_000;
export const STALENESS_SECONDS = MAX_STALENESS_MS / 1000;
const DELAY_MS = 6_000;

/** `factoryAppId`: by whom the factory's calls to Entra are known. */
function plan(factoryAppId: string): readonly (readonly [Target, Chances])[] {
  return [
    [
      { service: 'iam', about: BY_FUNCTIONS },
      { ...COMMON, 'stale-read': 0.06 },
    ],
    [{ service: 'sts', about: BY_FUNCTIONS }, COMMON],
    // Reads of the table are strongly consistent; those of an index are not.
    [{ service: 'dynamodb', operation: 'Query', about: 'by-audience' }, { 'stale-read': 0.3 }],
    [{ service: 'dynamodb', about: BY_FUNCTIONS }, COMMON],
    [{ service: 'states', operation: 'DescribeExecution', about: BY_FUNCTIONS }, { 'stale-read': 0.1 }],
    [{ service: 'states', operation: 'StartExecution' }, COMMON],
    [
      { service: 'lambda', operation: 'Invoke' },
      { throttle: 0.015, error: 0.015, 'lost-answer': 0.015 },
    ],
    [{ service: 'sqs', operation: 'SendMessage' }, COMMON],
    [
      { service: 'sqs', about: BY_FUNCTIONS },
      { throttle: 0.02, error: 0.02, 'lost-answer': 0.02 },
    ],
    [{ service: 'events', operation: 'PutEvents' }, COMMON],
    [
      { cloud: 'entra', service: 'graph', about: factoryAppId },
      { ...COMMON, 'stale-read': 0.06 },
    ],
    [{ cloud: 'entra', service: 'entra', operation: 'POST /oauth2/v2.0/token', about: factoryAppId }, COMMON],
  ];
}

export function injectFaults(recorder: SandboxRecorder, factoryAppId: string): void {
  for (const [target, chances] of plan(factoryAppId)) {
    for (const [kind, probability] of Object.entries(chances) as [FaultKind, number][]) {
      recorder.inject({
        ...target,
        kind,
        probability,
        ...(kind === 'delay' && { delayMs: DELAY_MS }),
        ...(kind === 'stale-read' && { maxAgeMs: MAX_STALENESS_MS }),
      });
    }
  }
}

/** Executions for this role name cannot be started while the faults last: events that wait too long become dead letters. */
export function injectOutage(recorder: SandboxRecorder, roleName: string): void {
  // The input of an execution is JSON within JSON.
  const about = JSON.stringify(JSON.stringify({ roleName }).slice(1, -1)).slice(1, -1);
  recorder.inject({ service: 'states', operation: 'StartExecution', about, kind: 'error' });
}

/** Reads the recorder's log as it grows, for it forgets. */
export class CallLog {
  /** Faults injected, by service and kind. */
  readonly faults: Record<string, Partial<Record<FaultKind, number>>> = {};
  calls = 0;
  readonly #recorder: Pick<SandboxRecorder, 'calls'>;
  readonly #sessions = new Map<string, string[]>();
  #read = 0;

  constructor(recorder: Pick<SandboxRecorder, 'calls'>) {
    this.#recorder = recorder;
  }

  /** To be called more often than the recorder forgets. */
  catchUp(): void {
    const calls = this.#recorder.calls();
    for (let index = calls.length - 1; index >= 0 && (calls[index]?.id ?? 0) > this.#read; index--) {
      this.#count(calls[index]);
    }
    this.#read = calls.at(-1)?.id ?? this.#read;
  }

  #count(call: RecordedCall | undefined): void {
    if (!call) return;
    this.calls += 1;
    const { service, fault, caller, at, operation, outcome } = call;
    if (fault) {
      const counts = this.faults[service === 'entra' ? 'token endpoint' : service] ?? {};
      this.faults[service === 'entra' ? 'token endpoint' : service] = counts;
      counts[fault] = (counts[fault] ?? 0) + 1;
    }
    // The session in a member account bears the name of the execution.
    const [, role, session] =
      /:assumed-role\/(oidc-factory-(?:inspect|provider|trust))\/(.+)$/.exec(caller) ?? [];
    if (!role || !session) return;
    const line = `${at} ${operation} by ${role}/${session} ${outcome}`;
    this.#sessions.set(session, [...(this.#sessions.get(session) ?? []), line]);
  }

  /** What an execution's sessions did in a member account, in order. */
  callsOf(executionName: string): readonly string[] {
    return (this.#sessions.get(executionName.slice(0, 64)) ?? []).toSorted();
  }
}
