import { describe, expect, it } from 'vitest';
import { createRecorder, type Fault, FaultError } from '../../sandbox/recorder.ts';

/** Time that passes only when told, and remembers what was slept. */
function still() {
  const slept: number[] = [];
  let now = 0;
  const pass = (ms: number) => {
    now += ms;
  };
  return { slept, pass, scale: 0.5, now: () => now, sleep: async (ms: number) => void slept.push(ms) };
}

const call = (operation = 'GetRole', input: unknown = { RoleName: 'r' }, account = '444455556001') => ({
  cloud: 'aws' as const,
  service: 'iam',
  operation,
  caller: `arn:aws:iam::${account}:user/admin`,
  input,
});

function setup(random = () => 0.5) {
  const time = still();
  const recorder = createRecorder({ time, random });
  let performed = 0;
  const observe = (about: ReturnType<typeof call>, answer: unknown = 'answer') =>
    recorder.observe(about, async () => {
      performed += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    });
  return { recorder, time, observe, performed: () => performed };
}

describe('the log', () => {
  it('holds every call with its outcome, and nothing of its input', async () => {
    const { recorder, observe } = setup();
    await observe(call());
    const error = Object.assign(new Error('no'), { name: 'NoSuchEntityException' });
    await expect(observe(call('DeleteRole', { secret: 'x' }), error)).rejects.toBe(error);
    expect(recorder.calls()).toMatchObject([
      { id: 1, cloud: 'aws', service: 'iam', operation: 'GetRole', outcome: 'ok' },
      { id: 2, operation: 'DeleteRole', outcome: 'NoSuchEntityException' },
    ]);
    expect(JSON.stringify(recorder.calls())).not.toContain('secret');
    recorder.clearCalls();
    expect(recorder.calls()).toEqual([]);
  });
});

describe('a fault', () => {
  it.each<[Fault['kind'], FaultError['kind'], number]>([
    ['throttle', 'throttle', 0],
    ['error', 'error', 0],
    ['lost-answer', 'lost', 1],
  ])(
    '%s strikes as often as it was told; performed meanwhile: %3$s',
    async (kind, surface, performedThen) => {
      const { recorder, observe, performed } = setup();
      recorder.inject({ service: 'iam', operation: 'GetRole', kind, times: 1 });
      await expect(observe(call())).rejects.toMatchObject({ name: 'FaultError', kind: surface });
      expect(performed()).toBe(performedThen);
      expect(await observe(call())).toBe('answer');
      expect(recorder.calls().map(({ outcome }) => outcome)).toEqual([`fault:${kind}`, 'ok']);
      expect(recorder.faults()).toEqual([]);
    },
  );

  it('spares other services and operations, and is told by name in any case', async () => {
    const { recorder, observe } = setup();
    recorder.inject({ service: 'IAM', operation: 'getrole', kind: 'error', times: 1 });
    recorder.inject({ service: 'sts', kind: 'error', times: 1 });
    expect(await observe(call('ListRoles'))).toBe('answer');
    await expect(observe(call())).rejects.toBeInstanceOf(FaultError);
  });

  it('strikes only calls that are about what it was told', async () => {
    const { recorder, observe } = setup();
    recorder.inject({ kind: 'error', about: '444455556002', times: 1 });
    recorder.inject({ kind: 'error', about: 'nightly', times: 1 });
    expect(await observe(call())).toBe('answer');
    await expect(observe(call('GetRole', {}, '444455556002'))).rejects.toBeInstanceOf(FaultError);
    await expect(observe(call('GetRole', { RoleName: 'nightly' }))).rejects.toBeInstanceOf(FaultError);
    expect(recorder.faults()).toEqual([]);
  });

  it('with a probability strikes by chance', async () => {
    const draws = [0.7, 0.2];
    const { recorder, observe } = setup(() => draws.shift() ?? 1);
    recorder.inject({ kind: 'throttle', probability: 0.5 });
    expect(await observe(call())).toBe('answer');
    await expect(observe(call())).rejects.toBeInstanceOf(FaultError);
  });

  it('delays in the product’s time', async () => {
    const { recorder, observe, time } = setup();
    recorder.inject({ kind: 'delay', delayMs: 1500, times: 1 });
    expect(await observe(call())).toBe('answer');
    expect(time.slept).toEqual([1500]);
    expect(recorder.calls()[0]).toMatchObject({ outcome: 'ok', fault: 'delay' });
  });

  it('is gone after a reset', async () => {
    const { recorder, observe } = setup();
    recorder.inject({ kind: 'error', times: 9 });
    recorder.clearFaults();
    expect(await observe(call())).toBe('answer');
  });
});

describe('a stale read', () => {
  const stale: Fault = { operation: 'GetRole', kind: 'stale-read', times: 1 };

  it('gives the answer of the last time the same was asked', async () => {
    const { recorder, observe } = setup();
    await observe(call(), { tags: 1 });
    recorder.inject(stale);
    expect(await observe(call(), { tags: 2 })).toEqual({ tags: 1 });
    expect(await observe(call(), { tags: 2 })).toEqual({ tags: 2 });
  });

  it('gives an error again', async () => {
    const { recorder, observe } = setup();
    const missing = Object.assign(new Error('no'), { name: 'NoSuchEntityException' });
    await observe(call(), missing).catch(() => {});
    recorder.inject(stale);
    await expect(observe(call(), { RoleId: 'x' })).rejects.toBe(missing);
  });

  it('is of the same account, and waits until there is an earlier answer', async () => {
    const { recorder, observe } = setup();
    await observe(call('GetRole', { RoleName: 'r' }, '444455556002'), 'other account');
    await observe(call('GetRole', { RoleName: 's' }), 'other role');
    recorder.inject(stale);
    expect(await observe(call(), 'first')).toBe('first');
    expect(await observe(call(), 'second')).toBe('first');
  });

  it('is not what the service changed later', async () => {
    const { recorder, observe } = setup();
    const live = { tags: ['old'] };
    await observe(call(), live);
    live.tags.push('new');
    recorder.inject(stale);
    expect(await observe(call(), live)).toEqual({ tags: ['old'] });
  });

  it('is no older than it was told, in the product’s time', async () => {
    const { recorder, observe, time } = setup();
    await observe(call(), 'early');
    recorder.inject({ ...stale, maxAgeMs: 10_000 });
    time.pass(10_001 * time.scale);
    expect(await observe(call(), 'later')).toBe('later');
    time.pass(10_000 * time.scale);
    expect(await observe(call(), 'latest')).toBe('later');
  });

  it('never strikes a write', async () => {
    const { recorder, observe } = setup();
    await observe(call('TagRole'));
    recorder.inject({ kind: 'stale-read', times: 1 });
    await observe(call('TagRole'));
    expect(recorder.calls().map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
  });
});
