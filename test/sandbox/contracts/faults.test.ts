/** Faults below the SDKs: one is got over, and the call has done what it was to do; lasting ones have a code. */
import { afterEach, describe, expect, it } from 'vitest';
import { isFactoryError } from '../../../core/errors.ts';
import { systemClock } from '../../../lambdas/adapters/clock.ts';
import { advance, ledgerWriter } from '../../../lambdas/ledger-steps.ts';
import { useAdapters } from './adapters.ts';
import { CALLS, type Make, newEntry } from './calls.ts';

const started = useAdapters();
afterEach(() => started().sandbox.recorder.clearFaults());

const KINDS = ['throttle', 'error', 'lost-answer'] as const;

const callOf = (name: string) => {
  const [service = '', ...operation] = name.split(' ');
  return { service, operation: operation.join(' ') };
};

const outcomeOf = (act: () => Promise<unknown>): Promise<unknown> =>
  act().catch((error: unknown) => {
    if (isFactoryError(error)) return error.code;
    throw error;
  });

describe.each(KINDS)('one %s', (kind) => {
  it.each(Object.entries(CALLS))('of %s is got over', async (name, make) => {
    const { recorder } = started().sandbox;
    const { act, gives, ...made } = await make(started());
    recorder.inject({ ...callOf(name), kind, times: 1 });
    const afterLoss = 'givesAfterLoss' in made ? made.givesAfterLoss : gives;
    expect(await outcomeOf(act)).toEqual(kind === 'lost-answer' ? afterLoss : gives);
    expect(recorder.faults(), 'it has struck').toEqual([]);
    if (made.shows) expect(await made.shows()).toEqual(made.as);
  });
});

it('a step goes on where the answer to its write was lost, and owns what it wrote', async () => {
  const { adapters, sandbox } = started();
  const { ledger } = adapters;
  const entry = newEntry();
  await ledger.write(entry, undefined);
  const writer = ledgerWriter({ ledger, clock: systemClock }, adapters.settings, entry.owner);
  sandbox.recorder.inject({ service: 'dynamodb', operation: 'PutItem', kind: 'lost-answer', times: 1 });
  const written = await advance(writer, entry, (stored) => ({ ...stored, step: 'add-audience' }));
  expect(written).toMatchObject({ step: 'add-audience', owner: entry.owner });
  expect(await ledger.read(entry)).toEqual(written);
});

it.each([
  ['throttle', 'Throttled'],
  ['error', 'Unavailable'],
  ['lost-answer', 'Unavailable'],
] as const)('a lasting %s has the code %s with every service', async (kind, code) => {
  const { recorder } = started().sandbox;
  // One call of each service, and the login.
  const made = await Promise.all(
    [
      'sts AssumeRole',
      'iam GetRole',
      'dynamodb GetItem',
      'states StartExecution',
      'graph GET /applications/{id}',
      'sts GetWebIdentityToken',
      'entra POST /oauth2/v2.0/token',
    ].map(async (name) => ({ name, ...(await (CALLS[name] as Make)(started())) })),
  );
  for (const { name } of made) recorder.inject({ ...callOf(name), kind });
  const outcomes = await Promise.all(
    made.map(async ({ name, act }) => [name, await outcomeOf(act)] as const),
  );
  expect(outcomes).toEqual(made.map(({ name }) => [name, code]));
});
