import { describe, expect, it } from 'vitest';
import { accountId, tenantId } from '../../core/ids.ts';
import {
  audienceFor,
  CLOUDS,
  conditionKey,
  type EntraCloud,
  entraIssuer,
  entraProvider,
  identifierUriFor,
  isAnyTenantProvider,
  isTenantProvider,
  PARTITIONS,
  partitionOfRegion,
  providerArnOf,
  providerPath,
  type TokenVersion,
} from '../../core/issuer.ts';
import { ACCOUNT, APP_ID, ISSUER, ISSUER_V2, TENANT } from '../fixtures/domain.ts';

describe('the issuer of a tenant', () => {
  it.each<[EntraCloud, TokenVersion, string]>([
    ['public', 1, `https://sts.windows.net/${TENANT}/`],
    ['public', 2, `https://login.microsoftonline.com/${TENANT}/v2.0`],
    ['usgov', 1, `https://sts.windows.net/${TENANT}/`],
    ['usgov', 2, `https://login.microsoftonline.us/${TENANT}/v2.0`],
    ['china', 1, `https://sts.chinacloudapi.cn/${TENANT}/`],
    ['china', 2, `https://login.partner.microsoftonline.cn/${TENANT}/v2.0`],
  ])('is, in cloud %s for tokens of version %i, %s', (cloud, tokenVersion, url) => {
    expect(entraIssuer({ cloud, tenantId: TENANT, tokenVersion }).url).toBe(url);
  });

  it('has the tenant id in lower case, as tokens have it', () => {
    const upper = tenantId('ABCDEF01-2222-4333-8444-555555555555');
    expect(entraIssuer({ cloud: 'public', tenantId: upper, tokenVersion: 1 })).toMatchObject({
      tenantId: 'abcdef01-2222-4333-8444-555555555555',
      url: 'https://sts.windows.net/abcdef01-2222-4333-8444-555555555555/',
    });
  });
});

describe('a provider', () => {
  it('keeps the trailing slash in ARN, path and condition key', () => {
    const arn = providerArnOf('aws-cn', ACCOUNT, ISSUER.url);
    expect(arn).toBe(`arn:aws-cn:iam::111122223333:oidc-provider/sts.windows.net/${TENANT}/`);
    expect(providerPath(ISSUER.url)).toBe(`sts.windows.net/${TENANT}/`);
    expect(conditionKey(arn, 'aud')).toBe(`sts.windows.net/${TENANT}/:aud`);
    expect(conditionKey(providerPath(ISSUER.url), 'sub')).toBe(`sts.windows.net/${TENANT}/:sub`);
  });

  const arn = (path: string, account = '111122223333') =>
    `arn:aws:iam::${account}:oidc-provider/sts.windows.net/${path}`;

  it.each([
    ['with slash', arn(`${TENANT}/`)],
    ['without slash', arn(TENANT)],
    ['of another partition', arn(`${TENANT}/`).replace('arn:aws:', 'arn:aws-us-gov:')],
  ])('is the tenant’s %s', (_, federated) => {
    expect(isTenantProvider(ISSUER, federated, ACCOUNT)).toBe(true);
  });

  it.each([
    ['another tenant', arn('99999999-8888-4777-8666-555555555555/')],
    ['the host alone', arn('')],
    ['a longer path', arn(`${TENANT}/v2.0`)],
    ['a longer tenant id', arn(`${TENANT}0/`)],
    ['another account', arn(`${TENANT}/`, '444455556666')],
    ['another host', arn(`${TENANT}/`).replace('sts.windows.net', 'sts.windows.net.example')],
    ['the other token version', providerArnOf('aws', ACCOUNT, ISSUER_V2.url)],
    ['a SAML provider', 'arn:aws:iam::111122223333:saml-provider/sts.windows.net'],
    ['no ARN', `sts.windows.net/${TENANT}/`],
    ['a path longer than IAM has', arn(`${TENANT}${'/'.repeat(250)}`)],
    ['slashes without end, and something else', arn(`${TENANT}${'/'.repeat(60_000)}x`)],
  ])('is not the tenant’s for %s', (_, federated) => {
    expect(isTenantProvider(ISSUER, federated, ACCOUNT)).toBe(false);
  });

  it('belongs to the tenant in either version, and in any account where none is asked for', () => {
    expect(isAnyTenantProvider(ISSUER, providerArnOf('aws', ACCOUNT, ISSUER_V2.url), ACCOUNT)).toBe(true);
    expect(isAnyTenantProvider(ISSUER, arn('other'), ACCOUNT)).toBe(false);
    expect(isTenantProvider(ISSUER, arn(`${TENANT}/`, accountId('444455556666')))).toBe(true);
  });
});

describe('an audience', () => {
  it('is the identifier URI in version 1 and the client id in version 2', () => {
    expect(audienceFor(APP_ID, 1)).toBe(`api://${APP_ID}`);
    expect(audienceFor(APP_ID, 1)).toBe(identifierUriFor(APP_ID));
    expect(audienceFor(APP_ID, 2)).toBe(APP_ID);
  });
});

describe('a cloud', () => {
  // Microsoft's national clouds; the audiences are those of workload identity federation there.
  it.each<[EntraCloud, string, string, string]>([
    ['public', 'login.microsoftonline.com', 'graph.microsoft.com', 'api://AzureADTokenExchange'],
    ['usgov', 'login.microsoftonline.us', 'graph.microsoft.us', 'api://AzureADTokenExchangeUSGov'],
    ['china', 'login.chinacloudapi.cn', 'microsoftgraph.chinacloudapi.cn', 'api://AzureADTokenExchangeChina'],
  ])('%s has its own login, Graph and audience', (cloud, login, graph, audienceOfCredentials) => {
    expect(CLOUDS[cloud]).toMatchObject({
      authorityHost: `https://${login}`,
      graphEndpoint: `https://${graph}`,
      federatedCredentialAudience: audienceOfCredentials,
    });
  });

  it('has no endpoint that the environment of the functions would refuse', () => {
    for (const { authorityHost, graphEndpoint } of Object.values(CLOUDS))
      for (const url of [authorityHost, graphEndpoint]) expect(new URL(url).origin).toBe(url);
  });
});

describe('a partition', () => {
  it.each([
    ['eu-central-1', 'aws', 'us-east-1'],
    ['us-gov-east-1', 'aws-us-gov', 'us-gov-west-1'],
    ['cn-northwest-1', 'aws-cn', 'cn-north-1'],
  ])('of %s is %s and records IAM events in %s', (region, partition, iamEventRegion) => {
    expect(partitionOfRegion(region)).toBe(partition);
    expect(PARTITIONS[partitionOfRegion(region)].iamEventRegion).toBe(iamEventRegion);
  });
});

describe('whose provider an ARN names', () => {
  const LETTERED = 'abcdef11-2222-4333-8444-555555555555';
  const arn = (path: string) => `arn:aws-cn:iam::${ACCOUNT}:oidc-provider/${path}`;

  it.each<[string, object]>([
    [`sts.windows.net/${LETTERED}/`, { tokenVersion: 1, cloud: 'public', spelling: 'exact' }],
    [`sts.windows.net/${LETTERED}`, { tokenVersion: 1, cloud: 'public', spelling: 'slash-missing' }],
    [
      `sts.windows.net/${LETTERED.toUpperCase()}/`,
      { tokenVersion: 1, cloud: 'public', spelling: 'other-case' },
    ],
    [`STS.windows.net/${LETTERED}`, { tokenVersion: 1, cloud: 'public', spelling: 'other-case' }],
    [`sts.chinacloudapi.cn/${LETTERED}/`, { tokenVersion: 1, cloud: 'china', spelling: 'exact' }],
    [`login.microsoftonline.com/${LETTERED}/v2.0`, { tokenVersion: 2, cloud: 'public', spelling: 'exact' }],
    [
      `login.microsoftonline.com/${LETTERED}/v2.0/`,
      { tokenVersion: 2, cloud: 'public', spelling: 'slash-added' },
    ],
    [`login.microsoftonline.us/${LETTERED}/v2.0`, { tokenVersion: 2, cloud: 'usgov', spelling: 'exact' }],
  ])('%s', (path, { spelling, ...issuer }: { spelling?: string }) => {
    expect(entraProvider(arn(path))).toEqual({
      accountId: ACCOUNT,
      spelling,
      issuer: expect.objectContaining({ ...issuer, tenantId: LETTERED }),
    });
  });

  it.each([
    arn(`login.microsoftonline.com/${LETTERED}/`),
    arn(`sts.windows.net/${LETTERED}/v2.0`),
    arn('sts.windows.net/common/'),
    arn(`evil.example/${LETTERED}/`),
    arn('token.actions.githubusercontent.com'),
    `arn:aws:iam::${ACCOUNT}:saml-provider/sts.windows.net/${LETTERED}/`,
    `sts.windows.net/${LETTERED}/`,
    'cognito-identity.amazonaws.com',
    '*',
  ])('of no tenant: %s', (federated) => {
    expect(entraProvider(federated)).toBeUndefined();
  });
});
