import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../core/errors.ts';
import {
  failedTags,
  hasIgnoreTag,
  ignoredTags,
  MARK_KEY,
  OUTCOME_KEYS,
  pendingTags,
  readyTags,
  tagOf,
  tagValue,
} from '../../core/tags.ts';
import { APP_ID, AUDIENCE, ENTRY } from '../fixtures/domain.ts';

const IAM_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

describe('the value of a tag', () => {
  it('fits the alphabet and length of IAM, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const value = tagValue(text);
        expect(value).toMatch(IAM_VALUE);
        expect(value.length).toBeLessThanOrEqual(256);
      }),
    );
  });

  it('keeps text that fits', () => {
    expect(tagValue(AUDIENCE)).toBe(AUDIENCE);
    expect(tagValue('Größe 3: a/b@c = d+e')).toBe('Größe 3: a/b@c = d+e');
  });

  it('of every error is its whole remedy, so that none is cut or spoilt', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      expect(failedTags(code)).toEqual({
        'oidc-factory:status': 'failed',
        'oidc-factory:detail': `${code}: ${ERRORS[code].remedy}`,
      });
    }
  });
});

describe('the tags of an outcome', () => {
  it.each([
    ['ready', readyTags({ appId: APP_ID, audience: AUDIENCE })],
    ['failed', failedTags('TrustPolicyTooLong')],
    ['ignored', ignoredTags('the audience is that of role/other')],
  ])('%s have outcome keys only, never the mark', (status, tags) => {
    expect(tags).toMatchObject({ 'oidc-factory:status': status });
    for (const key of Object.keys(tags)) expect(OUTCOME_KEYS).toContain(key);
    expect(OUTCOME_KEYS).not.toContain(MARK_KEY);
  });

  it('ready name client id and audience, and replace the detail of an earlier failure', () => {
    expect(readyTags({ appId: APP_ID, audience: AUDIENCE })).toMatchObject({
      'oidc-factory:client-id': APP_ID,
      'oidc-factory:audience': AUDIENCE,
      'oidc-factory:detail': expect.stringMatching(/\w/),
    });
  });
});

describe('the mark', () => {
  it('is the role id, and goes with pending', () => {
    expect(pendingTags(ENTRY.roleId)).toMatchObject({
      'oidc-factory:status': 'pending',
      'oidc-factory:role-id': ENTRY.roleId,
    });
  });
});

describe('keys', () => {
  it('compare without regard to case', () => {
    expect(tagOf({ 'OIDC-Factory:Role-ID': 'x' }, MARK_KEY)).toBe('x');
    expect(tagOf({ other: 'x' }, MARK_KEY)).toBeUndefined();
  });

  it.each(['true', 'false', ''])('ignore counts whatever its value: %j', (value) => {
    expect(hasIgnoreTag({ 'Oidc-Factory:IGNORE': value })).toBe(true);
  });

  it('do not count as ignore when they merely look like it', () => {
    expect(hasIgnoreTag({ 'oidc-factory:ignored': 'true', ignore: 'true' })).toBe(false);
  });
});
