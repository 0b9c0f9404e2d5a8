import { describe, expect, it } from 'vitest';
import { MISTAKES } from '../../core/mistakes.ts';

describe.each(Object.entries(MISTAKES))('the mistake %s', (code, { cause, remedy }) => {
  it('has a stable code, one sentence of cause, and a remedy', () => {
    expect(code).toMatch(/^([A-Z][a-z]+)+$/);
    expect(cause).toMatch(/^[A-Z][^.]*(\.\S[^.]*)*\.$/);
    expect(remedy).toMatch(/^[A-Z].{20,}\.$/);
    expect(remedy).not.toBe(cause);
  });
});

it('only what passes by itself is tried again', () => {
  const retryable = Object.entries(MISTAKES).filter(([, mistake]) => mistake.retryable);
  expect(retryable.map(([code]) => code)).toEqual([
    'EntraUnavailable',
    'ProviderKeysUnavailable',
    'StsUnavailable',
  ]);
});
