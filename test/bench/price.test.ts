import { expect, it } from 'vitest';
import type { RunCounts } from '../../bench/calls.ts';
import { ASSUMED, costPerMillion, PRICES } from '../../bench/price.ts';

const run = (more: Partial<RunCounts> = {}): RunCounts => ({
  calls: {},
  services: 0,
  logins: 0,
  ledger: 0,
  control: 0,
  invocations: 0,
  transitions: 0,
  ...more,
});

it('counts every transition at its price, and the events and messages of both', () => {
  const { total, parts } = costPerMillion({
    create: run({ transitions: 6 }),
    delete: run({ transitions: 9 }),
  });
  expect(parts['state transitions']).toBe(15 * PRICES.stateTransitions);
  expect(total).toBeCloseTo(375 + 2 * PRICES.events + 6 * PRICES.messages);
});

it('charges the time of functions by their calls, and that of their start', () => {
  const { parts } = costPerMillion({
    create: run({ invocations: 2, services: 3, ledger: 1, logins: 2, calls: { 'states StartExecution': 1 } }),
    delete: run(),
  });
  const seconds = (7 * ASSUMED.callMs + 2 * (ASSUMED.functionMs + ASSUMED.initMs)) / 1000;
  expect(parts['Lambda, time']).toBeCloseTo(seconds * ASSUMED.memoryGB * PRICES.gigabyteSeconds);
  expect(parts['Lambda, requests']).toBeCloseTo(2 * PRICES.invocations);
});

it('tells writes of the ledger from reads', () => {
  const { parts } = costPerMillion({
    create: run({ ledger: 5, calls: { 'dynamodb PutItem': 4, 'dynamodb Query': 1 } }),
    delete: run(),
  });
  expect(parts.ledger).toBeCloseTo(4 * ASSUMED.writeUnits * PRICES.ledgerWrites + PRICES.ledgerReads);
});
