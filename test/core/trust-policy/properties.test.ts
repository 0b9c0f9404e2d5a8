/** Each property with broken rewritings that it must refute: a property that cannot fail proves nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rewriteTrustPolicy } from '../../../core/trust-policy/rewrite.ts';
import { changesAgain, garbles, harmless, opens, touchesOthers, widens } from './mutations.ts';
import { idempotent, neverWidens, parsesBack, pinned, survives } from './properties.ts';

describe.each([
  { name: 'rewriting again changes nothing', property: idempotent, mutations: changesAgain },
  {
    name: 'what is not managed survives, deep-equal and in order',
    property: survives,
    mutations: touchesOthers,
  },
  {
    name: 'nobody gets in who could not with the audience in the place of the placeholder',
    property: neverWidens,
    mutations: widens,
  },
  {
    name: 'only the own principal and those named by object id get in',
    property: pinned,
    mutations: opens,
  },
  { name: 'the serialized policy parses back equal', property: parsesBack, mutations: garbles },
])('$name', ({ property, mutations }) => {
  it('for every policy that is the factory’s to change', () => {
    fc.assert(property(rewriteTrustPolicy), { numRuns: 200, maxSkipsPerRun: 100 });
    fc.assert(property(harmless), { numRuns: 20, maxSkipsPerRun: 100 });
  });

  it.each(Object.entries(mutations))('is refuted for a rewriting that %s', (_, mutation) => {
    // A fixed seed: whether the mutation is found is not to depend on luck.
    const run = fc.check(property(mutation), {
      seed: 1,
      numRuns: 3000,
      maxSkipsPerRun: 100,
      endOnFailure: true,
    });
    expect(run.failed).toBe(true);
    expect(run.errorInstance).toMatchObject({
      name: expect.stringMatching(/^(AssertionError|SyntaxError)$/),
    });
  });
});
