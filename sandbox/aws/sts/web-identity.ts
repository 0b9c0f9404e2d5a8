/**
 * AssumeRoleWithWebIdentity. Codes and texts as AWS's; the order of the checks (provider, signature, expiry,
 * audience, trust) is not documented.
 */
import {
  type AssumeRoleWithWebIdentityRequest,
  type AssumeRoleWithWebIdentityResponse,
  ExpiredTokenException,
  IDPCommunicationErrorException,
  InvalidIdentityTokenException,
} from '@aws-sdk/client-sts';
import {
  compactVerify,
  createLocalJWKSet,
  decodeJwt,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose';
import { webIdentityContext } from '../../../core/policy/web-identity.ts';
import { type Caller, type ServiceCall, ServiceError } from '../../cloud.ts';
import { callerName } from '../authorization.ts';
import type { AwsCloud } from '../cloud.ts';
import { resourceContext, tagContext } from '../iam/access.ts';
import type { Checked } from '../iam/input.ts';
import { iamArn, type OidcProvider } from '../iam/store.ts';
import { type Tag, withTags } from '../iam/validation.ts';
import { isObject } from '../shapes.ts';
import { credentialsShape, invalid, packedSize, readSession, sessionSeconds } from './sessions.ts';

/** Fetches a JSON document of an issuer; rejects where it cannot be had. */
export type FetchJson = (url: string) => Promise<unknown>;

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
/** AWS accepts tokens up to five minutes after they expired. */
const GRACE_SECONDS = 300;
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp */
const TAGS_CLAIM = 'https://aws.amazon.com/tags';
/** Other claims of AWS's, such as the one that sets the source identity: not served, so refused. */
const AWS_CLAIM = /^https:\/\/aws\.amazon\.com\/(?!tags$)/;

export const assumeRoleWithWebIdentity =
  (cloud: AwsCloud, fetchJson: FetchJson) =>
  async (
    input: Checked<AssumeRoleWithWebIdentityRequest>,
    call: ServiceCall,
  ): Promise<AssumeRoleWithWebIdentityResponse> => {
    const { RoleArn, RoleSessionName, WebIdentityToken, ProviderId } = input;
    if (ProviderId !== undefined)
      throw invalid('ProviderId is for OAuth 2.0 access tokens, which are not served');
    const { accountId, sessionPolicy } = readSession(cloud.iam, input);
    const claims = decoded(WebIdentityToken);
    const provider = providerOf(cloud, accountId, claims);
    await verifySignature(WebIdentityToken, provider.url, fetchJson);
    checkTimes(claims, cloud.time.now());
    const audience = checkAudience(claims, provider);
    const tags = sessionTags(claims);

    const role = cloud.iam.roleByArn(RoleArn);
    const keys = webIdentityContext(provider.arn, claims);
    const caller: Caller = { principal: { type: 'federated', provider: provider.arn }, accountId: '' };
    const allows = (action: string): boolean =>
      role !== undefined &&
      cloud.check(
        { ...call, caller },
        {
          action,
          resource: RoleArn,
          context: {
            ...resourceContext(role),
            ...keys,
            ...tagContext(tags),
            'aws:FederatedProvider': provider.arn,
            'sts:RoleSessionName': RoleSessionName,
          },
          resourcePolicy: role.trustPolicy.policy,
          resourceAccountId: accountId,
          resourcePolicyMustAllow: true,
        },
      ).allowed;
    if (!role || !allows('sts:AssumeRoleWithWebIdentity')) throw denied('sts:AssumeRoleWithWebIdentity');
    if (tags.length > 0 && !allows('sts:TagSession')) throw denied('sts:TagSession');
    const seconds = sessionSeconds(role, input.DurationSeconds);
    const session = cloud.roleSession(role, RoleSessionName, {
      ...inSession(keys),
      ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, Value])),
      'aws:FederatedProvider': provider.arn,
    });
    const credentials = cloud.issueCredentials(
      { ...session, ...(sessionPolicy && { sessionPolicies: [sessionPolicy] }) },
      seconds,
    );
    return {
      Credentials: credentialsShape(credentials),
      SubjectFromWebIdentityToken: claims.sub,
      AssumedRoleUser: { AssumedRoleId: `${role.id}:${RoleSessionName}`, Arn: callerName(session) },
      ...packedSize(input),
      Provider: provider.arn,
      Audience: audience,
    };
  };

const denied = (action: string) =>
  new ServiceError('AccessDenied', `Not authorized to perform ${action}`, 403);

const invalidToken = (message: string) => new InvalidIdentityTokenException({ message, $metadata: {} });

function decoded(token: string): JWTPayload {
  if (token.length < 4 || token.length > 20_000) {
    throw invalid('webIdentityToken must have between 4 and 20000 characters');
  }
  let claims: JWTPayload;
  try {
    claims = decodeJwt(token);
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw invalidToken(
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
    );
  }
  const unserved = Object.keys(claims).find((claim) => AWS_CLAIM.test(claim));
  if (unserved !== undefined) throw invalidToken(`The sandbox does not serve the claim ${unserved}`);
  return claims;
}

/** The account's provider for the token's issuer. Its URL equals `iss` to the letter, trailing slash included. */
function providerOf(cloud: AwsCloud, accountId: string, { iss }: JWTPayload): OidcProvider {
  const location = typeof iss === 'string' ? /^https:\/\/(.+)$/.exec(iss)?.[1] : undefined;
  const provider =
    location === undefined
      ? undefined
      : cloud.iam.account(accountId)?.oidcProviders.get(iamArn(accountId, `oidc-provider/${location}`));
  if (!provider) throw invalidToken(`No OpenIDConnect provider found in your account for ${iss}`);
  return provider;
}

async function verifySignature(token: string, issuer: string, fetchJson: FetchJson): Promise<void> {
  const keys = createLocalJWKSet(await signingKeys(issuer, fetchJson));
  try {
    await compactVerify(token, keys, { algorithms: ALGORITHMS });
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
      throw noKey();
    }
    if (!(error instanceof errors.JOSEError)) throw error;
    throw invalidToken('The signature of the token is not valid');
  }
}

const noKey = () =>
  invalidToken(
    "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
  );

async function signingKeys(issuer: string, fetchJson: FetchJson): Promise<JSONWebKeySet> {
  const configuration = await fetched(
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    fetchJson,
  );
  if (!isObject(configuration) || configuration.issuer !== issuer) throw noKey();
  if (typeof configuration.jwks_uri !== 'string') throw noKey();
  const keys = await fetched(configuration.jwks_uri, fetchJson);
  if (!isObject(keys) || !Array.isArray(keys.keys) || !keys.keys.every(isObject)) throw noKey();
  return keys as unknown as JSONWebKeySet;
}

async function fetched(url: string, fetchJson: FetchJson): Promise<unknown> {
  try {
    return await fetchJson(url);
  } catch (cause) {
    const message = 'The identity provider could not be reached';
    throw Object.assign(new IDPCommunicationErrorException({ message, $metadata: {} }), { cause });
  }
}

function checkTimes(claims: JWTPayload, nowMs: number): void {
  const now = Math.floor(nowMs / 1000);
  for (const claim of ['exp', 'iat'] as const) {
    if (!Number.isFinite(claims[claim])) throw invalidToken(`Missing a required claim: ${claim}`);
  }
  const { exp = 0, iat = 0, nbf = 0 } = claims;
  if (now >= exp + GRACE_SECONDS) {
    const [current, end] = [now, exp].map((seconds) => new Date(seconds * 1000).toISOString());
    const message = `Token expired: current date/time ${current} must be before the expiration date/time ${end}`;
    throw new ExpiredTokenException({ message, $metadata: {} });
  }
  // Whether AWS looks at these is not documented; the stricter reading.
  if (Math.max(iat, nbf) > now + GRACE_SECONDS) throw invalidToken('The token is not valid yet');
}

/** What the provider's client id list must hold: `azp` where the token has one, else its only audience. */
function checkAudience(claims: JWTPayload, provider: OidcProvider): string {
  if (typeof claims.sub !== 'string' || claims.sub === '')
    throw invalidToken('Missing a required claim: sub');
  const audiences = [claims.azp ?? claims.aud ?? []].flat();
  const [audience] = audiences;
  // Several audiences without `azp` say of none that it asked for the token.
  if (audiences.length !== 1 || typeof audience !== 'string' || !provider.clientIds.has(audience)) {
    throw invalidToken('Incorrect token audience');
  }
  return audience;
}

/** Tags that the issuer gives the session: `{"principal_tags":{"pipeline":["api"]}}`. */
function sessionTags(claims: JWTPayload): readonly Tag[] {
  const claim = claims[TAGS_CLAIM];
  if (claim === undefined) return [];
  const {
    principal_tags: given,
    transitive_tag_keys: transitive = [],
    ...others
  } = isObject(claim) ? claim : {};
  const served = Array.isArray(transitive) && transitive.length === 0 && Object.keys(others).length === 0;
  if (!isObject(given) || !served)
    throw invalidToken(`The sandbox serves principal_tags alone in ${TAGS_CLAIM}`);
  const tags = Object.entries(given).map(([Key, values]) => {
    const [Value] = Array.isArray(values) && values.length === 1 ? values : [];
    if (typeof Value !== 'string') throw invalidToken(`${TAGS_CLAIM}: ${Key} must have one value`);
    return { Key, Value };
  });
  return [...withTags(new Map(), tags).values()];
}

/** Of a token's keys, those that go with the session's later requests. */
const inSession = (keys: ReturnType<typeof webIdentityContext>): ReturnType<typeof webIdentityContext> =>
  Object.fromEntries(Object.entries(keys).filter(([key]) => /:(aud|sub|amr)$/.test(key)));
