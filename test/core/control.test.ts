import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dependsOnUnits,
  isDirectoryFull,
  modeOf,
  placeOfCreation,
  placeOfRemoval,
} from '../../core/control.ts';
import { accountId } from '../../core/ids.ts';
import type { Phase } from '../../core/ledger-entry.ts';
import type { Mode } from '../../core/settings.ts';

const ACCOUNT = accountId('111122223333');
const NEAR = 'ou-ab12-near0000';
const FAR = 'ou-ab12-far00000';
const ROOT = 'r-ab12';
const UNITS = [NEAR, FAR, ROOT];

describe('the mode of an account', () => {
  it.each<[string, Record<string, Mode>, readonly string[] | undefined, Mode]>([
    ['is the general one where nothing else is said', {}, UNITS, 'enforce'],
    ['is its own before its units’', { [ACCOUNT]: 'enforce', [NEAR]: 'observe' }, UNITS, 'enforce'],
    ['is that of the nearest unit', { [ROOT]: 'observe', [FAR]: 'enforce' }, UNITS, 'enforce'],
    ['is that of a unit above where the nearer say nothing', { [ROOT]: 'observe' }, UNITS, 'observe'],
    ['is not that of another account', { '444455556666': 'observe' }, UNITS, 'enforce'],
    ['is not that of a unit it is not in', { 'ou-ab12-other000': 'observe' }, UNITS, 'enforce'],
    ['is observe where a unit may decide and nobody knows them', { [FAR]: 'enforce' }, undefined, 'observe'],
    [
      'is its own although nobody knows its units',
      { [ACCOUNT]: 'enforce', [FAR]: 'observe' },
      undefined,
      'enforce',
    ],
    ['does not depend on units where none is named', { '444455556666': 'observe' }, undefined, 'enforce'],
  ])('%s', (_, modes, units, expected) => {
    expect(modeOf({ mode: 'enforce', modes }, ACCOUNT, units)).toBe(expected);
  });

  it('asks for the units exactly where they can decide', () => {
    const mode = fc.constantFrom<Mode>('observe', 'enforce');
    const modes = fc.dictionary(fc.constantFrom(ACCOUNT, '444455556666', ...UNITS), mode);
    fc.assert(
      fc.property(mode, modes, fc.subarray(UNITS), fc.subarray(UNITS), (general, given, some, others) => {
        const settings = { mode: general, modes: given };
        fc.pre(!dependsOnUnits(settings, ACCOUNT));
        expect(modeOf(settings, ACCOUNT, some)).toBe(modeOf(settings, ACCOUNT, others));
      }),
    );
  });
});

it('the breaker is open until its time', () => {
  const now = Date.parse('2026-11-20T10:00:00.000Z');
  expect(isDirectoryFull({}, now)).toBe(false);
  expect(isDirectoryFull({ directoryFullUntil: '2026-11-20T10:00:00.001Z' }, now)).toBe(true);
  expect(isDirectoryFull({ directoryFullUntil: '2026-11-20T10:00:00.000Z' }, now)).toBe(false);
});

describe('a place of the hour', () => {
  const CAPS = { rolesPerAccount: 90, creationsPerHour: 50, removalsPerHour: 20 };
  const NOW = Date.parse('2026-11-20T10:59:59.999Z');

  it('is counted by the hour that it is taken in', () => {
    expect(placeOfCreation(undefined, CAPS, NOW, 3600)).toEqual({
      of: 'creations',
      hour: '2026-11-20T10:00:00.000Z',
      most: 50,
    });
    expect(placeOfRemoval({ phase: 'ready' }, CAPS, NOW + 1, 3600)).toEqual({
      of: 'removals',
      hour: '2026-11-20T11:00:00.000Z',
      most: 20,
    });
  });

  it.each<[string, { phase: Phase; applicationIntentAt?: string }, boolean]>([
    ['that failed before anything was made', { phase: 'failed' }, true],
    ['whose run was stopped', { phase: 'creating' }, false],
    ['whose application was about to be made', { phase: 'failed', applicationIntentAt: '2026-11-20' }, false],
    ['that is ready', { phase: 'ready', applicationIntentAt: '2026-11-20' }, false],
  ])('of creations, for a role %s, is needed: %3$s', (_, entry, isNeeded) => {
    expect(placeOfCreation(entry, CAPS, NOW, 3600) !== undefined).toBe(isNeeded);
  });

  it('of removals is needed once', () => {
    expect(placeOfRemoval({ phase: 'removing' }, CAPS, NOW, 3600)).toBeUndefined();
  });
});
