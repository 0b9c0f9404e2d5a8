import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MISTAKES, type MistakeCode } from '../../core/mistakes.ts';
import { CredentialsError } from '../../credentials/errors.ts';
import { retrying } from '../../credentials/retry.ts';
import { virtualPorts } from './virtual-ports.ts';

/** Fails with each of these in turn, then answers. */
function failing(...errors: unknown[]) {
  let calls = 0;
  const attempt = async () => {
    calls += 1;
    if (errors.length > 0) throw errors.shift();
    return calls;
  };
  return { attempt, calls: () => calls };
}

const CODES = Object.keys(MISTAKES) as MistakeCode[];

describe('trying again', () => {
  it.each(CODES.filter((code) => MISTAKES[code].retryable))('mends %s', async (code) => {
    const { attempt } = failing(new CredentialsError(code));
    expect(await retrying(attempt, virtualPorts())).toBe(2);
  });

  it.each([
    ...CODES.filter((code) => !MISTAKES[code].retryable).map((code) => new CredentialsError(code)),
    new TypeError('a defect'),
  ])('does not mend $code $name', async (error) => {
    const { attempt, calls } = failing(error);
    const ports = virtualPorts();
    await expect(retrying(attempt, ports)).rejects.toBe(error);
    expect([calls(), ports.slept]).toEqual([1, []]);
  });

  it('backs off, at most eight seconds a time, and gives up after the sixth attempt', async () => {
    const error = new CredentialsError('StsUnavailable');
    const { attempt, calls } = failing(...Array(9).fill(error));
    const ports = virtualPorts(1);
    await expect(retrying(attempt, ports)).rejects.toBe(error);
    expect(calls()).toBe(6);
    expect(ports.slept).toEqual([500, 1000, 2000, 4000, 8000]);
  });

  it('draws each pause from nothing to its full length', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 0.999, noNaN: true }), async (chance) => {
        const ports = virtualPorts(chance);
        await retrying(failing(new CredentialsError('EntraUnavailable')).attempt, ports);
        expect(ports.slept).toEqual([chance * 500]);
      }),
    );
  });
});
