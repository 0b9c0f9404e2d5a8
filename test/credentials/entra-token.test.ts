/** The caller's own credential. What Azure's library makes of real answers is tested on the local cloud. */
import { describe, expect, it } from 'vitest';
import type { MistakeCode } from '../../core/mistakes.ts';
import { entraTokens } from '../../credentials/entra-token.ts';
import { AUDIENCE } from '../fixtures/domain.ts';

const failing = (error: unknown) =>
  entraTokens({ audience: AUDIENCE, env: {}, credential: { getToken: () => Promise.reject(error) } })();

const named = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });

describe("a failure of the caller's own credential", () => {
  it.each<[MistakeCode, string, unknown]>([
    [
      'SecretWrong',
      'AADSTS7000215 (401)',
      named('AuthenticationRequiredError', 'invalid_client: AADSTS7000215: Invalid client secret', {
        cause: named('ServerError', 'invalid_client: AADSTS7000215: Invalid client secret', { status: 401 }),
      }),
    ],
    [
      'CallerNotAssigned',
      'AADSTS501051 (400)',
      named('AuthenticationError', 'AADSTS501051: …', { statusCode: 400 }),
    ],
    [
      'EntraUnavailable',
      'network_error',
      named('AuthenticationRequiredError', 'network_error: See https://aka.ms/…', {
        cause: named('ClientAuthError', 'network_error: See https://aka.ms/…'),
      }),
    ],
    [
      'EntraUnavailable',
      'endpoints_resolution_error',
      named('CredentialUnavailableError', 'endpoints_resolution_error: See https://aka.ms/…'),
    ],
    ['EntraUnavailable', 'no token (503)', named('ServerError', 'server_error', { status: 503 })],
    ['EntraUnavailable', 'ECONNRESET', named('RestError', 'socket hang up', { code: 'ECONNRESET' })],
    ['CertificateNotTrusted', 'CERT_HAS_EXPIRED', named('RestError', 'x', { code: 'CERT_HAS_EXPIRED' })],
    ['LoginUnavailable', 'no token', named('CredentialUnavailableError', "Please run 'az login'")],
    [
      'ClientUnknown',
      'AADSTS700016',
      named('AggregateAuthenticationError', 'several', {
        errors: [named('CredentialUnavailableError', 'no'), named('AuthenticationError', 'AADSTS700016: x')],
      }),
    ],
    ['LoginUnavailable', 'no token', 'a text'],
    ['LoginUnavailable', 'no token', undefined],
  ])('is %s: %s', async (code, answer, error) => {
    await expect(failing(error)).rejects.toMatchObject({
      code,
      facts: { answer, audience: AUDIENCE, login: 'own' },
    });
  });

  it('does not end in a loop of causes', async () => {
    const error = named('Error', 'x');
    error.cause = error;
    await expect(failing(error)).rejects.toMatchObject({ code: 'LoginUnavailable' });
  });

  it('may be that it answers nothing', async () => {
    const none = entraTokens({ audience: AUDIENCE, env: {}, credential: { getToken: async () => null } });
    await expect(none()).rejects.toMatchObject({ code: 'LoginUnavailable' });
  });
});

it.each(['http://login.example.com', 'http://localhost:1', 'login.example.com'])(
  'no login goes to %s',
  async (authority) => {
    const env = { AZURE_AUTHORITY_HOST: authority };
    await expect(entraTokens({ audience: AUDIENCE, env, credential: undefined })()).rejects.toMatchObject({
      code: 'InsecureEndpoint',
      facts: { endpoint: authority },
    });
  },
);
