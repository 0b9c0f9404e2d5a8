import { describe, expect, it } from 'vitest';
import { proveGone } from '../../core/gone.ts';
import { roleId } from '../../core/ids.ts';
import { ENTRY } from '../fixtures/domain.ts';

const CREATED = Date.parse('2026-03-02T09:15:27Z');
const at = (seconds: number) => CREATED + seconds * 1000;
const iso = (seconds: number) => new Date(at(seconds)).toISOString();

const ours = { roleId: ENTRY.roleId, createdAt: iso(0) };
const other = (createdAt: number) => ({
  roleId: roleId('AROAEXAMPLEROLE00002'),
  createdAt: iso(createdAt),
});

const prove = (question: Partial<Parameters<typeof proveGone>[0]>) =>
  proveGone({
    entry: ENTRY,
    observed: undefined,
    deletedAt: null,
    missingSince: undefined,
    now: at(3600),
    lookAgainSeconds: 60,
    settleSeconds: 300,
    ...question,
  });

describe('a role that IAM does not find', () => {
  it('is gone where a DeleteRole event is later than its creation', () => {
    expect(prove({ deletedAt: iso(1), now: at(2) })).toEqual({ kind: 'gone', reason: 'deleted' });
  });

  it.each([
    ['no event is at hand', null],
    ['the event is of the second of its creation', iso(0)],
    ['the event is older', iso(-1)],
    ['the time of the event cannot be read', 'yesterday'],
  ])('is looked for again where %s', (_, deletedAt) => {
    expect(prove({ deletedAt, now: at(100) })).toEqual({ kind: 'look-again', missingSince: iso(100) });
  });

  it('is gone when it is missing twice, at least a minute apart', () => {
    const missingSince = iso(100);
    expect(prove({ missingSince, now: at(159) })).toEqual({ kind: 'look-again', missingSince });
    expect(prove({ missingSince, now: at(160) })).toEqual({ kind: 'gone', reason: 'missing-twice' });
  });

  it('proves nothing by an event in the same second, fractions notwithstanding', () => {
    const deletedAt = '2026-03-02T09:15:27.900Z';
    expect(prove({ deletedAt }).kind).toBe('look-again');
  });

  it('counts from the ledger entry where its creation date was never recorded', () => {
    const { roleCreatedAt: _, ...entry } = ENTRY;
    expect(prove({ entry, deletedAt: iso(2) }).kind).toBe('look-again');
    expect(prove({ entry, deletedAt: iso(4) }).kind).toBe('gone');
  });
});

describe('a role under whose name IAM shows another incarnation', () => {
  it('is gone where that one is later', () => {
    expect(prove({ observed: other(1), now: at(2) })).toEqual({ kind: 'gone', reason: 'replaced' });
  });

  it('is not gone while that one may be a stale read of an earlier one', () => {
    expect(prove({ observed: other(-100), now: at(2) })).toEqual({ kind: 'not-settled' });
    expect(prove({ observed: other(0), now: at(2) })).toEqual({ kind: 'not-settled' });
    expect(prove({ observed: other(-100), now: at(300) })).toEqual({ kind: 'gone', reason: 'replaced' });
  });

  it('is gone where a later DeleteRole event says so, whatever is shown', () => {
    expect(prove({ observed: other(-100), deletedAt: iso(1), now: at(2) })).toEqual({
      kind: 'gone',
      reason: 'deleted',
    });
  });

  it('is not gone where a time cannot be read', () => {
    const entry = { ...ENTRY, roleCreatedAt: 'unknown' };
    expect(prove({ entry, observed: other(1) })).toEqual({ kind: 'not-settled' });
  });
});

describe('a role that IAM shows', () => {
  it('contradicts a later DeleteRole event: not settled while the event is young, a failure then', () => {
    const question = { observed: ours, deletedAt: iso(100) };
    expect(prove({ ...question, now: at(399) })).toEqual({ kind: 'not-settled' });
    expect(prove({ ...question, now: at(400) })).toEqual({ kind: 'still-exists', contradicts: true });
  });

  it('contradicts no event about an earlier incarnation', () => {
    expect(prove({ observed: ours, deletedAt: iso(-1), now: at(2) })).toEqual({
      kind: 'still-exists',
      contradicts: false,
    });
  });

  it('may be about to vanish where the event is of the second of its creation', () => {
    const question = { observed: ours, deletedAt: iso(0) };
    expect(prove({ ...question, now: at(2) })).toEqual({ kind: 'not-settled' });
    expect(prove({ ...question, now: at(300) })).toEqual({ kind: 'still-exists', contradicts: false });
  });

  it('contradicts nothing where no event is at hand', () => {
    expect(prove({ observed: ours, missingSince: iso(1) })).toEqual({
      kind: 'still-exists',
      contradicts: false,
    });
  });
});
