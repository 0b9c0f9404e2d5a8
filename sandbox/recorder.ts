/** The log of every call that the sandbox serves, and the faults that strike them. */
import { createHash } from 'node:crypto';
import type { Recorder, SandboxTime } from './cloud.ts';

export const FAULT_KINDS = ['throttle', 'error', 'lost-answer', 'delay', 'stale-read'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What to break. Absent `service` or `operation`: any. Names compare without regard to case. */
export interface Fault {
  readonly cloud?: 'aws' | 'entra';
  readonly service?: string;
  readonly operation?: string;
  readonly kind: FaultKind;
  /** Only calls whose caller or input holds this text: a session's name, a role's, an account's id. */
  readonly about?: string;
  /** Strikes this often; absent: until the faults are reset. */
  readonly times?: number;
  /** 0 to 1: chance that a matching call is struck; absent: every one. */
  readonly probability?: number;
  /** Of a delay, in milliseconds of the product's time. */
  readonly delayMs?: number;
  /** Of a stale read: how old the answer may be, in milliseconds of the product's time; absent: any age. */
  readonly maxAgeMs?: number;
}

export interface RecordedCall {
  readonly id: number;
  /** ISO 8601, when the call came in. */
  readonly at: string;
  readonly cloud: 'aws' | 'entra';
  readonly service: string;
  readonly operation: string;
  readonly caller: string;
  /** `ok`, the error's code, or `fault:<kind>`. */
  readonly outcome: string;
  readonly ms: number;
  /** What struck it; a delay leaves the outcome as it is. */
  readonly fault?: FaultKind;
}

/**
 * An injected failure. Each wire layer renders it in its protocol's own form: `throttle` and `error` as the
 * service's throttling and internal error, `lost` by dropping the connection although the call was performed.
 */
export class FaultError extends Error {
  readonly kind: 'throttle' | 'error' | 'lost';

  constructor(kind: 'throttle' | 'error' | 'lost') {
    super(`injected fault: ${kind}`);
    this.name = 'FaultError';
    this.kind = kind;
  }
}

export interface SandboxRecorder extends Recorder {
  calls(): readonly RecordedCall[];
  clearCalls(): void;
  inject(fault: Fault): void;
  faults(): readonly Fault[];
  clearFaults(): void;
}

type Call = Parameters<Recorder['observe']>[0];
type Answer = { readonly value: unknown } | { readonly error: unknown };
/** `at`: milliseconds since the epoch. */
type Earlier = Answer & { readonly at: number };

/** Older calls are forgotten, so that a sandbox that serves for days does not grow. */
const MAX_CALLS = 50_000;
const MAX_ANSWERS = 5_000;
const READS = /^(get|list|describe|query|scan|batchget)/i;

/** Whether an operation only reads, so that it can be given a stale answer. */
export const isRead = (operation: string): boolean => READS.test(operation);

/** `random` decides faults with a probability; give a seeded one where a run must repeat. */
export function createRecorder(options: { time: SandboxTime; random: () => number }): SandboxRecorder {
  const { time, random } = options;
  let calls: RecordedCall[] = [];
  let nextId = 1;
  let faults: { readonly fault: Fault; left: number }[] = [];
  const answers = new Map<string, Earlier>();

  /** The fault that strikes this call, used up by one. A read without an earlier answer cannot be stale. */
  function strike(call: Call, earlier: Earlier | undefined): Fault | undefined {
    for (const entry of faults) {
      const { fault } = entry;
      if (entry.left === 0 || !concerns(fault, call)) continue;
      if (fault.kind === 'stale-read' && !isRecent(earlier, fault)) continue;
      if (fault.probability !== undefined && random() >= fault.probability) continue;
      entry.left -= 1;
      return fault;
    }
    return undefined;
  }

  function isRecent(earlier: Earlier | undefined, { maxAgeMs = Number.POSITIVE_INFINITY }: Fault): boolean {
    return earlier !== undefined && time.now() - earlier.at <= maxAgeMs * time.scale;
  }

  function remember(key: string, answer: Answer): void {
    answers.delete(key);
    answers.set(key, { ...answer, at: time.now() });
    const oldest = answers.size > MAX_ANSWERS ? answers.keys().next().value : undefined;
    if (oldest !== undefined) answers.delete(oldest);
  }

  async function perform<T>(key: string | undefined, run: () => Promise<T>): Promise<T> {
    try {
      const value = await run();
      // A copy: what a service hands out may change with its state.
      if (key !== undefined) remember(key, { value: structuredClone(value) });
      return value;
    } catch (error) {
      if (key !== undefined) remember(key, { error });
      throw error;
    }
  }

  async function suffer<T>(fault: Fault, earlier: Earlier | undefined, go: () => Promise<T>): Promise<T> {
    switch (fault.kind) {
      case 'throttle':
      case 'error':
        throw new FaultError(fault.kind);
      case 'lost-answer':
        await go();
        throw new FaultError('lost');
      case 'delay':
        await time.sleep(fault.delayMs ?? 0);
        return go();
      case 'stale-read': {
        if (earlier && 'value' in earlier) return structuredClone(earlier.value) as T;
        throw earlier?.error;
      }
    }
  }

  return {
    async observe(call, run) {
      const started = performance.now();
      const at = new Date(time.now()).toISOString();
      const key = isRead(call.operation) ? answerKey(call) : undefined;
      const earlier = key === undefined ? undefined : answers.get(key);
      const fault = strike(call, earlier);
      let outcome = 'ok';
      try {
        if (!fault) return await perform(key, run);
        const result = await suffer(fault, earlier, () => perform(key, run));
        outcome = fault.kind === 'delay' ? 'ok' : `fault:${fault.kind}`;
        return result;
      } catch (error) {
        outcome = fault && fault.kind !== 'delay' ? `fault:${fault.kind}` : codeOf(error);
        throw error;
      } finally {
        const { cloud, service, operation, caller } = call;
        const ms = Math.round((performance.now() - started) * 10) / 10;
        const struck = fault && { fault: fault.kind };
        calls.push({ id: nextId++, at, cloud, service, operation, caller, outcome, ms, ...struck });
        if (calls.length > MAX_CALLS) calls = calls.slice(-MAX_CALLS / 2);
      }
    },
    calls: () => calls,
    clearCalls: () => {
      calls = [];
    },
    inject: (fault) => {
      faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    faults: () => faults.filter((entry) => entry.left > 0).map((entry) => entry.fault),
    clearFaults: () => {
      faults = [];
    },
  };
}

const same = (wanted: string | undefined, actual: string): boolean =>
  wanted === undefined || wanted.toLowerCase() === actual.toLowerCase();

const concerns = (fault: Fault, call: Call): boolean =>
  same(fault.cloud, call.cloud) &&
  same(fault.service, call.service) &&
  same(fault.operation, call.operation) &&
  (fault.about === undefined || JSON.stringify([call.caller, call.input]).includes(fault.about)) &&
  (fault.kind !== 'stale-read' || isRead(call.operation));

/** The same question asked in the same account. Hashed: an input may hold what must not stay in memory. */
function answerKey(call: Call): string {
  const owner = /:(\d{12}):/.exec(call.caller)?.[1] ?? call.caller;
  const question = JSON.stringify([call.cloud, call.service, call.operation, owner, call.input]);
  return createHash('sha256').update(question).digest('base64');
}

function codeOf(error: unknown): string {
  if (error instanceof FaultError) return `fault:${error.kind}`;
  if (error instanceof Error) return error.name;
  return 'Unknown';
}
