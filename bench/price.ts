/** What AWS charges for a million roles that are created and deleted. */
import type { PairCounts, RunCounts } from './calls.ts';

/** List prices in US dollars of us-east-1, without free tiers and discounts, each for a million (GB: each). */
export const PRICES = {
  date: '2026-11-20',
  /** aws.amazon.com/step-functions/pricing: Standard workflows. */
  stateTransitions: 25,
  /** aws.amazon.com/lambda/pricing: arm64. */
  invocations: 0.2,
  gigabyteSeconds: 13.3334,
  /** aws.amazon.com/eventbridge/pricing: events that one account sends to the bus of another. */
  events: 1,
  /** aws.amazon.com/sqs/pricing: standard queues. */
  messages: 0.4,
  /** aws.amazon.com/dynamodb/pricing: on demand; a write of 1 kB, a consistent read of 4 kB. */
  ledgerWrites: 0.625,
  ledgerReads: 0.125,
  /** aws.amazon.com/cloudwatch/pricing. */
  gigabyteOfLogs: 0.5,
} as const;

/** What is not counted but assumed. */
export const ASSUMED = {
  /** Of a call to any service, and of the function around its calls, in milliseconds. */
  callMs: 50,
  functionMs: 20,
  memoryGB: 0.25,
  /** A cold start for every invocation, since events are sparse: its loading is charged too. */
  initMs: 150,
  /** An entry is between 1 and 2 kB, and its audience is indexed. */
  writeUnits: 3,
  logBytesPerInvocation: 1000,
} as const;

export interface Cost {
  /** In US dollars for a million pairs. */
  readonly total: number;
  readonly parts: Readonly<Record<string, number>>;
}

/** Of pairs whose every invocation starts cold. */
export function costPerMillion({ create, delete: removal }: PairCounts): Cost {
  const sum = (of: (run: RunCounts) => number) => of(create) + of(removal);
  const invocations = sum((run) => run.invocations);
  const calls = sum(
    (run) => run.services + run.logins + run.ledger + run.control + (run.calls['states StartExecution'] ?? 0),
  );
  const { callMs, functionMs, initMs, memoryGB, writeUnits, logBytesPerInvocation } = ASSUMED;
  const seconds = (calls * callMs + invocations * (functionMs + initMs)) / 1000;
  // In a transaction each write counts twice; here it is an entry and a count.
  const transactions = sum((run) => run.calls['dynamodb TransactWriteItems'] ?? 0);
  const puts = sum((run) => run.calls['dynamodb PutItem'] ?? 0);
  const reads = sum((run) => run.ledger + run.control) - puts - transactions;
  const writes = puts + 4 * transactions;
  const parts = {
    'state transitions': sum((run) => run.transitions) * PRICES.stateTransitions,
    'Lambda, requests': invocations * PRICES.invocations,
    'Lambda, time': seconds * memoryGB * PRICES.gigabyteSeconds,
    ledger: writes * writeUnits * PRICES.ledgerWrites + reads * PRICES.ledgerReads,
    events: 2 * PRICES.events,
    // Sent, received and deleted.
    queue: 2 * 3 * PRICES.messages,
    logs: (invocations * logBytesPerInvocation * PRICES.gigabyteOfLogs) / 1000,
  };
  return { total: Object.values(parts).reduce((all, part) => all + part, 0), parts };
}
