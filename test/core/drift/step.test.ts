import { describe, expect, it } from 'vitest';
import {
  executionOf,
  isExecutable,
  limited,
  planHash,
  type Step,
  stepId,
  textOf,
} from '../../../core/drift/step.ts';
import { eventId } from '../../../core/ids.ts';
import { ACCOUNT } from '../../fixtures/domain.ts';
import { served } from './world.ts';

const { roleName, roleId } = served().role;
const step = (more: Partial<Step> = {}): Step => ({
  reason: 'missed-deletion',
  also: [],
  accountId: ACCOUNT,
  subject: { kind: 'role', roleName, roleId },
  detail: 'x',
  risk: 'destructive',
  start: { workflow: 'delete-role', run: { roleName, roleId } },
  ...more,
});
const other = step({ detail: 'y' });
const heal = step({
  reason: 'trust-edited',
  risk: 'changes',
  start: { workflow: 'create-role', run: { roleName, roleId, recheck: true } },
});

describe('the limit of a run', () => {
  it('lets as many removals pass', () => {
    expect(limited([step(), other, heal], 2).every(isExecutable)).toBe(true);
  });

  it('holds all of them where there are more, says so, and leaves the rest', () => {
    const steps = limited([step(), other, heal], 1);
    expect(steps.filter(isExecutable)).toEqual([heal]);
    expect(steps.filter(({ hold }) => hold === 'limit')).toHaveLength(2);
    expect(steps).toContainEqual(
      expect.objectContaining({ reason: 'too-many-removals', detail: '2 of at most 1' }),
    );
  });

  it('does not count what is held anyway', () => {
    expect(limited([step(), step({ hold: 'young' })], 1).filter(isExecutable)).toHaveLength(1);
  });
});

describe('the hash of a plan', () => {
  it('is that of its steps, in whatever order they and their fields are', () => {
    const backwards = Object.fromEntries(Object.entries(step()).reverse()) as unknown as Step;
    expect(planHash([other, backwards])).toBe(planHash([step(), other]));
    expect(planHash([step()])).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, Partial<Step>]>([
    ['what it starts', { start: { workflow: 'delete-role', run: { roleName, roleId, again: true } } }],
    ['a reason', { also: ['trust-edited'] }],
    ['what holds it', { hold: 'young' }],
  ])('changes with %s', (_, change) => {
    expect(planHash([step(change)])).not.toBe(planHash([step()]));
  });

  it('knows a step again whatever holds it', () => {
    expect(stepId(step({ hold: 'backfill' }))).toBe(stepId(step()));
    expect(stepId(other)).not.toBe(stepId(step()));
  });
});

describe('the execution of a step', () => {
  const sweep = {
    id: eventId('0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01'),
    startedAt: '2026-06-01T12:00:00.000Z',
  };
  const of = ({ start, ...rest }: Step) => start && executionOf({ ...rest, start }, sweep);

  it('is called the same for the same incarnation of one sweep', () => {
    expect(of(step())?.name).toBe(of(other)?.name);
    expect(of(step())?.name).toBe(`${sweep.id}-${roleId}`);
  });

  it('is given what the workflow takes', () => {
    const about = { accountId: ACCOUNT, eventId: sweep.id };
    expect(of(step())?.run).toEqual({ ...about, roleName, roleId, deletedAt: null });
    expect(of(heal)?.run).toEqual({
      ...about,
      roleName,
      roleId,
      recheck: true,
      eventTime: sweep.startedAt,
      createdBy: null,
    });
    expect(of(step({ start: { workflow: 'enrol-account' } }))).toEqual({
      name: `${sweep.id}-${ACCOUNT}`,
      run: about,
    });
  });
});

describe('the text of a step', () => {
  it('names every reason, and what it is about', () => {
    expect(textOf({ ...heal, also: ['audience-vanished'], detail: 'placeholder' })).toBe(
      'The trust policy does not say any more what the factory wrote. The audience is not on the OIDC provider any more. (placeholder)',
    );
    expect(textOf(step({ detail: '' }))).toBe('A role is gone, and its event never arrived.');
  });
});
