/** Outbound identity federation: tokens that AWS issues for its own principals, and their issuers' documents. */
import { randomUUID } from 'node:crypto';
import {
  type GetWebIdentityTokenRequest,
  type GetWebIdentityTokenResponse,
  OutboundWebIdentityFederationDisabledException,
  SessionDurationEscalationException,
} from '@aws-sdk/client-sts';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { type ServiceCall, ServiceError } from '../../cloud.ts';
import { identityOf } from '../authorization.ts';
import type { AwsCloud } from '../cloud.ts';
import { tagContext } from '../iam/access.ts';
import type { Checked } from '../iam/input.ts';
import { disableOutbound, enableOutbound, reserveOutbound } from '../iam/outbound-federation.ts';
import { withTags } from '../iam/validation.ts';
import { invalid } from './sessions.ts';

const ALGORITHMS = ['RS256', 'ES384'] as const;
type Algorithm = (typeof ALGORITHMS)[number];
const DEFAULT_SECONDS = 300;
/** Namespace of what AWS says of the principal beyond the registered claims. */
const AWS_CLAIMS = 'https://sts.amazonaws.com/';

interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK & { readonly kid: string };
}

type Keys = Promise<Readonly<Record<Algorithm, SigningKey>>>;

export interface OutboundFederation {
  /** Settles what the account's issuer will be: its URL begins with `issuerId`. It is not switched on. */
  reserve(accountId: string, issuerId: string): string;
  /** Switches the account's issuer on, if it is not, and returns its URL. */
  enable(accountId: string): string;
  /** No more tokens; the issuer stays the account's own, and comes back with `enable`. */
  disable(accountId: string): void;
  /** Discovery document or key set at this URL; undefined: there is none. */
  document(url: string): Promise<object | undefined>;
  getWebIdentityToken(
    input: Checked<GetWebIdentityTokenRequest>,
    call: ServiceCall,
  ): Promise<GetWebIdentityTokenResponse>;
}

export function createOutboundFederation(cloud: AwsCloud): OutboundFederation {
  /** By issuer. */
  const keys = new Map<string, Keys>();

  function keysOf(issuer: string): Keys {
    const known = keys.get(issuer) ?? signingKeys();
    keys.set(issuer, known);
    return known;
  }

  function claimsOf(input: Checked<GetWebIdentityTokenRequest>, call: ServiceCall): Record<string, unknown> {
    const { caller, region } = call;
    const identity = identityOf(cloud.iam, caller);
    const principalTags = [...(identity?.tags.values() ?? [])].map(({ Key, Value }) => [Key, Value]);
    const requestTags = (input.Tags ?? []).map(({ Key, Value }) => [Key, Value]);
    const organization = cloud.organizationOf(caller.accountId);
    const functionArn = caller.context?.['lambda:SourceFunctionArn'];
    return {
      aws_account: caller.accountId,
      source_region: region,
      ...(organization !== undefined && { org_id: organization }),
      ...(principalTags.length > 0 && { principal_tags: Object.fromEntries(principalTags) }),
      ...(requestTags.length > 0 && { request_tags: Object.fromEntries(requestTags) }),
      ...(functionArn !== undefined && { lambda_source_function_arn: functionArn }),
    };
  }

  return {
    reserve: (accountId, issuerId) => reserveOutbound(cloud.iam.accountOf(accountId), issuerId),
    enable: (accountId) => enableOutbound(cloud.iam.accountOf(accountId)),
    disable: (accountId) => disableOutbound(cloud.iam.accountOf(accountId)),

    async document(url) {
      const { origin, pathname } = new URL(url);
      if (!cloud.iam.hasOutboundIssuer(origin)) return undefined;
      if (pathname === '/.well-known/openid-configuration') return discovery(origin);
      if (pathname !== '/.well-known/jwks.json') return undefined;
      const known = await keysOf(origin);
      return { keys: ALGORITHMS.map((algorithm) => known[algorithm].publicJwk) };
    },

    async getWebIdentityToken(input, call) {
      const { Audience, SigningAlgorithm, DurationSeconds = DEFAULT_SECONDS, Tags = [] } = input;
      const { caller } = call;
      check(input, DurationSeconds);
      const context = {
        'sts:IdentityTokenAudience': Audience,
        'sts:DurationSeconds': String(DurationSeconds),
        'sts:SigningAlgorithm': SigningAlgorithm,
        ...tagContext(Tags),
      };
      call.authorize({ action: 'sts:GetWebIdentityToken', resource: '*', context });
      if (Tags.length > 0) call.authorize({ action: 'sts:TagGetWebIdentityToken', resource: '*', context });
      const { principal } = caller;
      if (principal.type !== 'aws')
        throw new ServiceError('AccessDenied', 'Only IAM principals have tokens', 403);
      const { outbound } = cloud.iam.accountOf(caller.accountId);
      if (!outbound?.enabled) {
        const message = 'Outbound web identity federation is disabled for this account';
        throw new OutboundWebIdentityFederationDisabledException({ message, $metadata: {} });
      }
      const issuedAt = Math.floor(cloud.time.now() / 1000);
      const expires = issuedAt + DurationSeconds;
      if (caller.credentialsExpire && expires * 1000 > caller.credentialsExpire.getTime()) {
        const message =
          'The requested token duration would extend the session beyond its original expiration time';
        throw new SessionDurationEscalationException({ message, $metadata: {} });
      }
      const { privateKey, publicJwk } = (await keysOf(outbound.issuer))[SigningAlgorithm as Algorithm];
      const [only, ...more] = Audience;
      const token = await new SignJWT({
        iss: outbound.issuer,
        aud: more.length === 0 ? (only ?? '') : [...Audience],
        // Of a session its role, not the session.
        sub: principal.roleArn ?? principal.arn,
        iat: issuedAt,
        exp: expires,
        jti: randomUUID(),
        [AWS_CLAIMS]: claimsOf(input, call),
      })
        .setProtectedHeader({ alg: SigningAlgorithm, kid: publicJwk.kid, typ: 'JWT' })
        .sign(privateKey);
      return { WebIdentityToken: token, Expiration: new Date(expires * 1000) };
    },
  };
}

function check(input: Checked<GetWebIdentityTokenRequest>, seconds: number): void {
  const { Audience, SigningAlgorithm, Tags = [] } = input;
  if (Audience.length < 1 || Audience.length > 10)
    throw invalid('audience must have between 1 and 10 members');
  if (Audience.some((audience) => audience.length < 1 || audience.length > 1000)) {
    throw invalid('audience members must have between 1 and 1000 characters');
  }
  if (!ALGORITHMS.some((algorithm) => algorithm === SigningAlgorithm)) {
    throw invalid(`signingAlgorithm must be one of ${ALGORITHMS.join(', ')}`);
  }
  if (!Number.isInteger(seconds) || seconds < 60 || seconds > 3600) {
    throw invalid('durationSeconds must be between 60 and 3600');
  }
  withTags(new Map(), Tags);
}

const discovery = (issuer: string): object => ({
  issuer,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ALGORITHMS,
  claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', AWS_CLAIMS],
});

async function signingKeys(): Promise<Record<Algorithm, SigningKey>> {
  const [RS256, ES384] = await Promise.all([signingKey('RS256'), signingKey('ES384')]);
  return { RS256, ES384 };
}

async function signingKey(alg: Algorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const jwk = await exportJWK(publicKey);
  return { privateKey, publicJwk: { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) } };
}
