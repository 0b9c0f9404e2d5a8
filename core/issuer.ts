/**
 * The one place that knows how Entra's issuers and AWS's OIDC providers are spelled: scheme, slash, ARN, condition
 * key, token version, clouds and partitions.
 */
import type { AccountId, Audience, ProviderArn, TenantId } from './ids.ts';
import { audience, isGuid, providerArn } from './ids.ts';

export type EntraCloud = 'public' | 'usgov' | 'china';
/** What `api.requestedAccessTokenVersion` says; it decides issuer, audience and claims of the token. */
export type TokenVersion = 1 | 2;
export type Partition = 'aws' | 'aws-us-gov' | 'aws-cn';

export interface Issuer {
  readonly cloud: EntraCloud;
  readonly tenantId: TenantId;
  readonly tokenVersion: TokenVersion;
  /** Exactly the `iss` of the tenant's tokens, trailing slash included. */
  readonly url: string;
}

interface CloudEndpoints {
  /** Where tokens are requested. */
  readonly authorityHost: string;
  readonly graphEndpoint: string;
  readonly v1IssuerHost: string;
  readonly v2IssuerHost: string;
  /** The audience that a federated credential expects of a foreign token. */
  readonly federatedCredentialAudience: string;
}

/** US Government tenants share `sts.windows.net` as v1 issuer with the public cloud; China has its own. */
export const CLOUDS: Readonly<Record<EntraCloud, CloudEndpoints>> = {
  public: {
    authorityHost: 'https://login.microsoftonline.com',
    graphEndpoint: 'https://graph.microsoft.com',
    v1IssuerHost: 'sts.windows.net',
    v2IssuerHost: 'login.microsoftonline.com',
    federatedCredentialAudience: 'api://AzureADTokenExchange',
  },
  usgov: {
    authorityHost: 'https://login.microsoftonline.us',
    graphEndpoint: 'https://graph.microsoft.us',
    v1IssuerHost: 'sts.windows.net',
    v2IssuerHost: 'login.microsoftonline.us',
    federatedCredentialAudience: 'api://AzureADTokenExchangeUSGov',
  },
  china: {
    authorityHost: 'https://login.chinacloudapi.cn',
    graphEndpoint: 'https://microsoftgraph.chinacloudapi.cn',
    v1IssuerHost: 'sts.chinacloudapi.cn',
    v2IssuerHost: 'login.partner.microsoftonline.cn',
    federatedCredentialAudience: 'api://AzureADTokenExchangeChina',
  },
};

interface PartitionFacts {
  /** IAM is global: CloudTrail records its events in this region of the partition only. */
  readonly iamEventRegion: string;
  readonly dnsSuffix: string;
  /** Of the AWS console. */
  readonly consoleHost: string;
}

export const PARTITIONS: Readonly<Record<Partition, PartitionFacts>> = {
  aws: { iamEventRegion: 'us-east-1', dnsSuffix: 'amazonaws.com', consoleHost: 'console.aws.amazon.com' },
  'aws-us-gov': {
    iamEventRegion: 'us-gov-west-1',
    dnsSuffix: 'amazonaws.com',
    consoleHost: 'console.amazonaws-us-gov.com',
  },
  'aws-cn': {
    iamEventRegion: 'cn-north-1',
    dnsSuffix: 'amazonaws.com.cn',
    consoleHost: 'console.amazonaws.cn',
  },
};

/** The partition that a region name such as `us-gov-west-1` belongs to. */
export function partitionOfRegion(region: string): Partition {
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  if (region.startsWith('cn-')) return 'aws-cn';
  return 'aws';
}

/** The tenant's issuer. Entra writes tenant ids in lower case, so `url` does, however the id was configured. */
export function entraIssuer(tenant: {
  cloud: EntraCloud;
  tenantId: TenantId;
  tokenVersion: TokenVersion;
}): Issuer {
  const { v1IssuerHost, v2IssuerHost } = CLOUDS[tenant.cloud];
  const id = tenant.tenantId.toLowerCase();
  const url =
    tenant.tokenVersion === 1 ? `https://${v1IssuerHost}/${id}/` : `https://${v2IssuerHost}/${id}/v2.0`;
  return { ...tenant, tenantId: id as TenantId, url };
}

/** `sts.windows.net/<tenant>/`: an issuer's URL as ARNs and condition keys carry it, without scheme. */
export const providerPath = (issuerUrl: string): string => issuerUrl.replace(/^https:\/\//, '');

/** The ARN that a provider of exactly this URL gets. To find an existing provider, compare instead of building. */
export const providerArnOf = (partition: Partition, accountId: AccountId, issuerUrl: string): ProviderArn =>
  providerArn(`arn:${partition}:iam::${accountId}:oidc-provider/${providerPath(issuerUrl)}`);

/** IAM: a provider's URL has at most 255 characters. */
const PROVIDER_ARN = /^arn:aws[a-z-]*:iam::(\d{12}):oidc-provider\/(.{1,255})$/;

/** `sts.windows.net/<tenant>/:aud`: the condition key of a claim, from the provider's own ARN or path as it is. */
export const conditionKey = (providerArnOrPath: string, claim: string): string =>
  `${PROVIDER_ARN.exec(providerArnOrPath)?.[2] ?? providerArnOrPath}:${claim}`;

const withoutSlash = (path: string): string => path.replace(/\/+$/, '');

/**
 * Whether `federated` (an ARN as a trust policy names it) is a provider of exactly this issuer, in this account
 * where one is given. Only the trailing slash may differ: accounts hold both spellings, and the ARN as it is there
 * is the one to use.
 */
export function isTenantProvider(issuer: Issuer, federated: string, accountId?: AccountId): boolean {
  const [, account, path] = PROVIDER_ARN.exec(federated) ?? [];
  if (path === undefined || (accountId !== undefined && account !== accountId)) return false;
  return withoutSlash(path) === withoutSlash(providerPath(issuer.url));
}

/** As {@link isTenantProvider}, for either token version of the tenant. */
export const isAnyTenantProvider = (issuer: Issuer, federated: string, accountId?: AccountId): boolean =>
  ([1, 2] as const).some((tokenVersion) =>
    isTenantProvider(entraIssuer({ ...issuer, tokenVersion }), federated, accountId),
  );

/** An OIDC provider of some Entra tenant, as its ARN spells it. */
export interface EntraProvider {
  readonly accountId: AccountId;
  readonly issuer: Issuer;
  /** A token's `iss` must equal the provider's URL to the letter. */
  readonly spelling: 'exact' | 'slash-missing' | 'slash-added' | 'other-case';
}

/** Whose provider an ARN names; undefined where it is no tenant's. A host that two clouds share counts as public. */
export function entraProvider(federated: string): EntraProvider | undefined {
  const [, account, path = ''] = PROVIDER_ARN.exec(federated) ?? [];
  const tenant = path.split('/')[1] ?? '';
  if (account === undefined || !isGuid(tenant)) return undefined;
  const issuers = (Object.keys(CLOUDS) as EntraCloud[]).flatMap((cloud) =>
    ([1, 2] as const).map((tokenVersion) =>
      entraIssuer({ cloud, tenantId: tenant as TenantId, tokenVersion }),
    ),
  );
  const issuer = issuers.find(
    ({ url }) => withoutSlash(providerPath(url)) === withoutSlash(path.toLowerCase()),
  );
  return issuer && { accountId: account as AccountId, issuer, spelling: spellingOf(path, issuer) };
}

function spellingOf(path: string, { url }: Issuer): EntraProvider['spelling'] {
  const expected = providerPath(url);
  if (path === expected) return 'exact';
  if (withoutSlash(path) !== withoutSlash(expected)) return 'other-case';
  return path.length < expected.length ? 'slash-missing' : 'slash-added';
}

/** What a token for the application carries as `aud`. */
export const audienceFor = (appId: string, tokenVersion: TokenVersion): Audience =>
  audience(tokenVersion === 1 ? identifierUriFor(appId) : appId);

/** The identifier URI that every tenant policy allows: it contains the application's own id. */
export const identifierUriFor = (appId: string): string => `api://${appId}`;
