/** A provider between a credential of the test and an STS of the test, in virtual time. */
import type { GetTokenOptions, TokenCredential } from '@azure/identity';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { CredentialsError } from '../../credentials/errors.ts';
import { credentialsFromEntra, type FromEntraOptions } from '../../credentials/from-entra.ts';
import { ACCOUNT, APP_ID } from '../fixtures/domain.ts';
import { CLAIMS_V1, ISSUED, jwt } from '../fixtures/tokens.ts';
import { type FakeSts, session, startSts } from './fake-sts.ts';
import { MINUTE, type VirtualPorts, virtualPorts } from './virtual-ports.ts';

export const ROLE = `arn:aws:iam::${ACCOUNT}:role/deploy`;
export const AUDIENCE = `api://${APP_ID}`;
export const HOUR = 60 * MINUTE;

interface Scene {
  readonly sts: FakeSts;
  readonly ports: VirtualPorts;
}

/** STS gives sessions of an hour and has the right time, until a test says otherwise. */
export function useScene(): Scene {
  let sts: FakeSts;
  let ports: VirtualPorts;
  beforeAll(async () => {
    sts = await startSts();
  });
  afterAll(() => sts.close());
  beforeEach(() => {
    ports = virtualPorts();
    sts.asked.length = 0;
    sts.clock = ports.now;
    sts.answers = [session(ISSUED * 1000 + HOUR)];
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.endpoint);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  return {
    get sts() {
      return sts;
    },
    get ports() {
      return ports;
    },
  };
}

/** A credential that gives these tokens in turn, the last one over and over, and keeps what it was asked. */
export function credentialOf(...tokens: string[]) {
  const asked: { scope: string | string[]; claims: string | undefined }[] = [];
  const credential: TokenCredential = {
    getToken: async (scope, options?: GetTokenOptions) => {
      asked.push({ scope, claims: options?.claims });
      const token = tokens.length > 1 ? tokens.shift() : tokens[0];
      return token === undefined ? null : { token, expiresOnTimestamp: 0 };
    },
  };
  return { credential, asked };
}

export const providerOf = (ports: VirtualPorts, options: Partial<FromEntraOptions> = {}) =>
  credentialsFromEntra(
    { roleArn: ROLE, audience: AUDIENCE, credential: credentialOf(jwt(CLAIMS_V1)).credential, ...options },
    {},
    ports,
  );

export const failureOf = (promise: Promise<unknown>): Promise<CredentialsError> =>
  promise.then(
    () => Promise.reject(new Error('there are credentials')),
    (error) => {
      expect(error).toBeInstanceOf(CredentialsError);
      return error;
    },
  );
