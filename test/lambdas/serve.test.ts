import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { FactoryError } from '../../core/errors.ts';
import type { PublishedTelemetry } from '../../lambdas/adapters/telemetry.ts';
import { type Runtime, serve } from '../../lambdas/serve.ts';

const EXECUTION = 'arn:aws:states:us-east-1:999999999999:execution:oidc-factory-create-role:e1';
const RUN = {
  accountId: '111122223333',
  roleName: 'deploy',
  roleId: 'AROAEXAMPLEEXAMPLE001',
  eventId: 'e1',
};

let log: unknown[][];
const telemetry: PublishedTelemetry = {
  event: (message, fields) => log.push(['event', message, fields]),
  problem: (message, error, fields) => log.push(['problem', message, error, fields]),
  count: (metric) => log.push(['count', metric]),
  gauge: (gauge, value) => log.push(['gauge', gauge, value]),
  failed: (code) => log.push(['failed', code]),
  publish: () => log.push(['publish']),
};
beforeEach(() => {
  log = [];
});

const served = <Input, Output>(wire: (runtime: Runtime) => (input: Input) => Promise<Output>) =>
  serve('inspect-role', wire, { env: { A: 'b' }, telemetry });
const failing = (error: unknown) => served(() => () => Promise.reject(error));
const thrownBy = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('expected a failure'),
    (error: unknown) => error as Error,
  );

describe('a function', () => {
  it('is wired at its first invocation, once', async () => {
    const environments: unknown[] = [];
    const handler = served(({ env }) => {
      environments.push(env);
      return async (input: number) => input + 1;
    });
    expect(environments).toEqual([]);
    await expect(handler(1)).resolves.toBe(2);
    await expect(handler(2)).resolves.toBe(3);
    expect(environments).toEqual([{ A: 'b' }]);
  });

  it('reports a bad environment with every invocation, and recovers when it is mended', async () => {
    let broken = true;
    const handler = served(() => {
      if (broken) throw new FactoryError('InvalidSettings', 'LEDGER_TABLE: expected a name');
      return async () => 'ok';
    });
    await expect(handler({})).rejects.toMatchObject({ name: 'InvalidSettings' });
    await expect(handler({})).rejects.toMatchObject({ name: 'InvalidSettings' });
    broken = false;
    await expect(handler({})).resolves.toBe('ok');
  });

  it('logs one event per step: whom it was about, what came out, how long it took', async () => {
    const handler = served(() => async (_input: object) => ({
      decision: 'skip',
      reason: 'protected',
      entry: null,
    }));
    await handler({ run: RUN, execution: EXECUTION });
    expect(log).toEqual([
      [
        'event',
        'inspect-role done',
        {
          step: 'inspect-role',
          ...RUN,
          execution: EXECUTION,
          cold: true,
          decision: 'skip',
          reason: 'protected',
          ms: expect.any(Number),
        },
      ],
      ['publish'],
    ]);
  });

  it('logs of entries and batches what they are about, not all they hold', async () => {
    const entry = { ...RUN, phase: 'ready', appId: 'a', audience: 'api://a', createdBy: 'someone' };
    await served(() => async (_: object) => ({ entry }))({ entry, execution: EXECUTION });
    expect(log[0]?.[2]).toMatchObject({
      roleName: 'deploy',
      phase: 'ready',
      appId: 'a',
      audience: 'api://a',
    });
    expect(log[0]?.[2]).not.toHaveProperty('createdBy');
    log = [];
    const batch = { Records: [{ body: 'secret' }, { body: 'secret' }] };
    await served(() => async (_: object) => ({ batchItemFailures: [{ itemIdentifier: 'm' }] }))(batch);
    expect(log[0]?.[2]).toMatchObject({ records: 2, failed: 1 });
    expect(JSON.stringify(log)).not.toContain('secret');
  });

  it.each([
    [EXECUTION, 'e1'],
    [`${EXECUTION}${'x'.repeat(80)}`, `e1${'x'.repeat(62)}`],
    [`${EXECUTION}/a b`, 'e1-a-b'],
    [undefined, 'inspect-role'],
  ])('names its sessions after the execution %s', async (execution, name) => {
    const handler = served((runtime) => async (_input: object) => runtime.sessionName());
    await expect(handler({ execution })).resolves.toBe(name);
  });

  it('names its sessions after each invocation anew', async () => {
    const handler = served((runtime) => async (_input: object) => runtime.sessionName());
    await handler({ execution: EXECUTION });
    await expect(handler({ execution: `${EXECUTION}-r1` })).resolves.toBe('e1-r1');
  });
});

describe('a failing function', () => {
  it('fails with the code as name, and logs code and error', async () => {
    const error = new FactoryError('ProviderFull', 'AddClientID: 409', { cause: new Error('upstream') });
    const thrown = await thrownBy(failing(error)({ run: RUN }));
    expect(thrown).toMatchObject({ name: 'ProviderFull', message: 'AddClientID: 409' });
    expect(log).toEqual([
      ['problem', 'inspect-role failed', error, expect.objectContaining({ ...RUN, code: 'ProviderFull' })],
      ['failed', 'ProviderFull'],
      ['publish'],
    ]);
  });

  it.each([
    ['an Error', new TypeError('secret')],
    ['an upstream error', Object.assign(new Error('secret'), { name: 'AccessDenied', body: 'secret' })],
    ['a string', 'secret'],
    ['nothing', undefined],
  ])('fails with Unexpected for %s, whose text stays inside', async (_what, error) => {
    const thrown = await thrownBy(failing(error)({}));
    expect(thrown.name).toBe('Unexpected');
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain('secret');
    expect(log[0]?.[2]).toMatchObject({ code: 'Unexpected', cause: error });
  });

  it('keeps upstream errors out of what Lambda prints', async () => {
    const cause = Object.assign(new Error('secret'), { name: 'MalformedPolicyDocument' });
    const thrown = await thrownBy(
      failing(new FactoryError('TrustPolicyRejected', 'rejected', { cause }))({}),
    );
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain('secret');
  });

  it('publishes its metrics too', async () => {
    await thrownBy(failing(new Error('x'))({}));
    expect(log.at(-1)).toEqual(['publish']);
  });
});
