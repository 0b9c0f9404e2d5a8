import { describe, expect, it } from 'vitest';
import { type LoginAnswer, loginMistake, networkMistake } from '../../core/login-failure.ts';
import type { MistakeCode } from '../../core/mistakes.ts';

const answer = (known: Partial<LoginAnswer>): LoginAnswer => ({ kind: 'client-secret', codes: [], ...known });

describe("Entra's refusal", () => {
  it.each<[number, MistakeCode]>([
    [90002, 'TenantUnknown'],
    [700016, 'ClientUnknown'],
    [7000229, 'ClientUnknown'],
    [7000112, 'ClientDisabled'],
    [7000215, 'SecretWrong'],
    [7000222, 'SecretExpired'],
    [70021, 'FederationMismatch'],
    [700211, 'FederationMismatch'],
    [700212, 'FederationMismatch'],
    [700213, 'FederationMismatch'],
    [7002138, 'FederationMismatch'],
    [700024, 'AssertionRejected'],
    [5002738, 'AssertionRejected'],
    [53003, 'BlockedByPolicy'],
    [500011, 'AudienceUnknown'],
    [500014, 'AudienceDisabled'],
    [501051, 'CallerNotAssigned'],
    [90033, 'EntraUnavailable'],
    [99999999, 'EntraRefuses'],
  ])('AADSTS%i is %s, however the workload logs in', (code, mistake) => {
    for (const kind of ['client-secret', 'federated', 'managed-identity', 'own'] as const) {
      expect(loginMistake(answer({ kind, codes: [code], status: 400 }))).toBe(mistake);
    }
  });

  it.each<[number, MistakeCode]>([
    [400, 'EntraRefuses'],
    [404, 'EntraRefuses'],
    [408, 'EntraUnavailable'],
    [429, 'EntraUnavailable'],
    [502, 'EntraUnavailable'],
  ])('with status %i and no code is %s', (status, mistake) => {
    expect(loginMistake(answer({ status }))).toBe(mistake);
  });
});

describe('a login without an answer of Entra', () => {
  it.each<[string, Partial<LoginAnswer>, MistakeCode]>([
    ['the network is down', { network: 'ECONNREFUSED' }, 'EntraUnavailable'],
    ['a proxy opens TLS', { network: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'CertificateNotTrusted'],
    ['the platform issues no token', { kind: 'federated', withoutAssertion: true }, 'AssertionMissing'],
    ['there is no metadata service', { kind: 'managed-identity' }, 'NoManagedIdentity'],
    ['nothing listens there', { kind: 'managed-identity', network: 'network_error' }, 'NoManagedIdentity'],
    ['no developer has logged in', { kind: 'developer' }, 'LoginUnavailable'],
    ["the caller's credential fails", { kind: 'own' }, 'LoginUnavailable'],
    ['nothing is known', {}, 'EntraUnavailable'],
  ])('where %s', (_, known, mistake) => {
    expect(loginMistake(answer(known))).toBe(mistake);
  });
});

describe('the metadata service', () => {
  it.each<[number, MistakeCode]>([
    [400, 'ManagedIdentityNotAssigned'],
    [404, 'EntraUnavailable'],
    [410, 'EntraUnavailable'],
    [429, 'EntraUnavailable'],
    [500, 'EntraUnavailable'],
    // Another cloud's.
    [401, 'NoManagedIdentity'],
    [403, 'NoManagedIdentity'],
  ])('answers %i: %s', (status, mistake) => {
    expect(loginMistake(answer({ kind: 'managed-identity', status }))).toBe(mistake);
  });
});

describe('a failure of the network', () => {
  it.each<[string, MistakeCode]>([
    ['ECONNREFUSED', 'StsUnavailable'],
    ['ENOTFOUND', 'StsUnavailable'],
    ['TimeoutError', 'StsUnavailable'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CertificateNotTrusted'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CertificateNotTrusted'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'CertificateNotTrusted'],
    ['CERT_HAS_EXPIRED', 'CertificateNotTrusted'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'CertificateNotTrusted'],
    ['CERT_NOT_YET_VALID', 'ClockWrong'],
  ])('%s is %s', (code, mistake) => {
    expect(networkMistake(code, 'StsUnavailable')).toBe(mistake);
  });
});
