import { beforeEach, describe, expect, it } from 'vitest';
import { eventId } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import {
  advance,
  claim,
  finish,
  isHeldByAnother,
  ledgerWriter,
  withEvent,
} from '../../lambdas/ledger-steps.ts';
import { MemoryClock } from '../../simulator/clouds/memory-clock.ts';
import { MemoryLedger } from '../../simulator/clouds/memory-ledger.ts';
import { SETTINGS } from '../../simulator/settings.ts';
import { ENTRY, executionOf } from './entries.ts';

const US = executionOf('us');
const THEM = executionOf('them');

let ledger: MemoryLedger;
let clock: MemoryClock;
const writerOf = (execution = US) => ledgerWriter({ ledger, clock }, SETTINGS, execution);
const step = (name: LedgerEntry['step']) => (stored: LedgerEntry) => ({ ...stored, step: name });

beforeEach(() => {
  ledger = new MemoryLedger();
  clock = new MemoryClock();
});

describe('advance', () => {
  it('renews the lease with every write', async () => {
    const claimed = await claim(writerOf(), ENTRY, undefined);
    await clock.pass(60_000);
    const advanced = await advance(writerOf(), claimed, step('add-audience'));
    expect(advanced).toMatchObject({ step: 'add-audience', owner: US, version: claimed.version + 1 });
    expect(Date.parse(advanced.leaseUntil ?? '')).toBe(clock.now() + SETTINGS.leaseSeconds * 1000);
  });

  it('goes on from what an earlier attempt of the same step has written', async () => {
    const claimed = await claim(writerOf(), ENTRY, undefined);
    await advance(writerOf(), claimed, (stored) => ({ ...stored, generation: 7 }));
    const again = await advance(writerOf(), claimed, step('add-audience'));
    expect(again).toMatchObject({ generation: 7, step: 'add-audience' });
    expect(await ledger.read(ENTRY)).toEqual(again);
  });

  it('reads nothing where nobody else has written', async () => {
    const claimed = await claim(writerOf(), ENTRY, undefined);
    ledger.read = () => Promise.reject(new Error('read'));
    await expect(advance(writerOf(), claimed, step('add-audience'))).resolves.toBeDefined();
  });

  it.each([
    ['another execution has taken over', (entry: LedgerEntry) => claim(writerOf(THEM), entry, entry)],
    ['it was given up', (entry: LedgerEntry) => finish(writerOf(), entry, (stored) => stored)],
  ])('stops where %s', async (_, loseTo) => {
    const claimed = await claim(writerOf(), ENTRY, undefined);
    const after = await loseTo(claimed);
    await expect(advance(writerOf(), claimed, step('add-audience'))).rejects.toMatchObject({
      code: 'Superseded',
    });
    expect(await ledger.read(ENTRY)).toEqual(after);
  });
});

describe('a lease', () => {
  const running = { isRunning: async () => true };
  const ended = { isRunning: async () => false };

  it('of another execution holds until it runs out', async () => {
    const theirs = await claim(writerOf(THEM), ENTRY, undefined);
    expect(await isHeldByAnother(writerOf(), running, theirs)).toBe(true);
    await clock.pass(SETTINGS.leaseSeconds * 1000);
    expect(await isHeldByAnother(writerOf(), running, theirs)).toBe(false);
  });

  it('of an execution that has ended does not hold', async () => {
    const theirs = await claim(writerOf(THEM), ENTRY, undefined);
    expect(await isHeldByAnother(writerOf(), ended, theirs)).toBe(false);
  });

  it('of one’s own does not hold oneself', async () => {
    const ours = await claim(writerOf(), ENTRY, undefined);
    expect(await isHeldByAnother(writerOf(), running, ours)).toBe(false);
  });
});

it('an entry remembers its latest twenty events, each once', () => {
  const ids = Array.from({ length: 25 }, (_, index) => eventId(`event-${index}`));
  const entry = [...ids, ...ids.slice(-1)].reduce(withEvent, ENTRY);
  expect(entry.eventIds).toEqual(ids.slice(-20));
});
