import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SESSION_NAME, sessionNameFor } from '../../credentials/session-name.ts';
import { APP_ID } from '../fixtures/domain.ts';
import { CLAIMS_V1, CLAIMS_V2, jwt } from '../fixtures/tokens.ts';

describe('the name of a session', () => {
  it.each([
    ['web-0', CLAIMS_V1, `web-0@${APP_ID}`],
    ['web-0', CLAIMS_V2, `web-0@${APP_ID}`],
    ['a-machine-with-a-name-of-more-than-27-characters', CLAIMS_V1, `a-machine-with-a-name-of-mo@${APP_ID}`],
    ["Ada's laptop", { ...CLAIMS_V1, appid: undefined }, 'Ada-s-laptop'],
    ['x', {}, 'x-'],
  ])('of machine %s', (host, claims, name) => {
    expect(sessionNameFor(host, jwt(claims))).toBe(name);
  });

  it('is one that STS takes, whatever the machine and the token are called', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (host, appid) => {
        expect(sessionNameFor(host, jwt({ appid }))).toMatch(SESSION_NAME);
      }),
    );
  });
});
