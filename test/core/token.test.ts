import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenFacts } from '../../core/token.ts';
import { CLAIMS_V1, CLAIMS_V2, ISSUED, jwt } from '../fixtures/tokens.ts';

describe('the claims of a token', () => {
  it('are those that decide about an exchange', () => {
    expect(tokenFacts(jwt({ ...CLAIMS_V1, roles: ['x'], tid: 'y' }))).toEqual(CLAIMS_V1);
    expect(tokenFacts(jwt({ ...CLAIMS_V2, ver: '2.0' }))).toEqual(CLAIMS_V2);
  });

  it.each([1e15, -1e15, '1772442927', null])('are no times that a date cannot hold: %j', (exp) => {
    expect(tokenFacts(jwt({ exp }))?.exp).toBeUndefined();
  });

  it('may be of another form, or missing', () => {
    expect(tokenFacts(jwt({ iss: 1, aud: ['a', 'b'], exp: 'soon', iat: ISSUED }))).toEqual({
      iss: '',
      aud: 'a b',
      sub: '',
      iat: ISSUED,
      exp: undefined,
    });
  });

  it.each(['', 'opaque', 'a.b.c', '..', jwt([]).replace(/\..*\./, '.bnVsbA.')])('are none in %j', (token) => {
    expect(tokenFacts(token)).toBeUndefined();
  });

  it('never fail to be read, whatever is given as a token', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((text) => `a.${btoa(encodeURI(text))}.c`),
        ),
        (token) => {
          tokenFacts(token);
        },
      ),
    );
  });
});
