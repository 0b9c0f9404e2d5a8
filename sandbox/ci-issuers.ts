/**
 * Issuers of CI systems, played: discovery documents and keys under the issuers' own names, and tokens for whoever runs
 * the sandbox. An issuer begins to exist with its first token.
 */
import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Issuer, readSubject } from '../core/ci/issuer.ts';
import { issuerAt, providerPathOf } from '../core/ci/issuers.ts';
import { FieldError, fields } from './fields.ts';

export interface CiIssuers {
  /**
   * A signed token.
   * @param request `issuer`: URL, as `iss` has it; `claims`: `sub`, `aud` and any other; `seconds`: how long it is valid,
   * default 300.
   * @throws FieldError for an issuer that is not played, a subject that it does not write, and claims that are its own.
   */
  token(request: unknown): Promise<string>;
}

export interface CiIssuersOptions {
  /** Host names that may be played, in lower case; `*.` stands for one label. */
  readonly hosts: readonly string[];
  /** Serves an issuer's documents under its host name. */
  readonly publish: (host: string, document: (path: string) => unknown) => void;
  readonly now: () => number;
}

const OWN_DOMAIN = '.example.com';

/** Beside the fixed names, any of `example.com` for issuers that run on a host of one's own. */
export const ciIssuerHosts = (region: string): readonly string[] => [
  'token.actions.githubusercontent.com',
  'gitlab.com',
  'app.terraform.io',
  'api.bitbucket.org',
  'oidc.circleci.com',
  'vstoken.dev.azure.com',
  'agent.buildkite.com',
  `oidc.eks.${region}.amazonaws.com`,
  `*${OWN_DOMAIN}`,
];

/** Whether a host name is one of these. */
export const isHostOf = (hosts: readonly string[], host: string): boolean =>
  hosts.includes(host) || hosts.includes(host.replace(/^[^.]+/, '*'));

const ALGORITHM = 'RS256';
const DEFAULT_SECONDS = 300;
const DAY_SECONDS = 86_400;
/** Set by the issuer alone. */
const OWN_CLAIMS = ['iss', 'iat', 'nbf', 'exp', 'jti'];

interface TokenRequest {
  readonly issuer: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly seconds: number;
}

export function createCiIssuers({ hosts, publish, now }: CiIssuersOptions): CiIssuers {
  /** By URL. */
  const issuers = new Map<string, ReturnType<typeof createIssuer>>();
  const documents = new Map<string, unknown>();

  async function issuerOf(url: string) {
    const known = issuers.get(url);
    if (known) return known;
    const created = createIssuer(url);
    issuers.set(url, created);
    const { host } = new URL(url);
    for (const [location, document] of Object.entries((await created).documents))
      documents.set(location, document);
    publish(host, (path) => documents.get(`https://${host}${path}`));
    return created;
  }

  return {
    async token(request) {
      const { issuer, claims, seconds } = readRequest(request, hosts);
      const { privateKey, kid } = await issuerOf(issuer);
      const issuedAt = Math.floor(now() / 1000);
      return new SignJWT({
        ...claims,
        iss: issuer,
        iat: issuedAt,
        nbf: issuedAt,
        exp: issuedAt + seconds,
        jti: randomUUID(),
      })
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
        .sign(privateKey);
    },
  };
}

async function createIssuer(issuer: string) {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  const base = issuer.replace(/\/$/, '');
  const jwks_uri = `${base}/.well-known/jwks`;
  return {
    privateKey,
    kid,
    documents: {
      [`${base}/.well-known/openid-configuration`]: {
        issuer,
        jwks_uri,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [ALGORITHM],
      },
      [jwks_uri]: { keys: [{ ...jwk, kid, use: 'sig', alg: ALGORITHM }] },
    },
  };
}

function readRequest(request: unknown, hosts: readonly string[]): TokenRequest {
  const members = fields(request, 'token');
  const issuer = members.required('issuer', 'string');
  const claims = members.required('claims', 'object');
  const seconds = members.optional('seconds', 'number') ?? DEFAULT_SECONDS;
  members.done();
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > DAY_SECONDS) {
    throw new FieldError('token.seconds', `expected 1 to ${DAY_SECONDS}`);
  }
  const own = OWN_CLAIMS.find((claim) => Object.hasOwn(claims, claim));
  if (own !== undefined) throw new FieldError(`token.claims.${own}`, 'is the issuer’s own');
  const { sub, aud } = claims;
  if (typeof sub !== 'string') throw new FieldError('token.claims.sub', 'expected a string');
  if (![aud].flat().every((audience) => typeof audience === 'string')) {
    throw new FieldError('token.claims.aud', 'expected a string or a list of strings');
  }
  checkSubject(played(issuer, sub, hosts), sub);
  return { issuer, claims, seconds };
}

/** Which issuer it is that the sandbox plays under this URL. */
function played(url: string, sub: string, hosts: readonly string[]): Issuer {
  const [, host = ''] = /^https:\/\/([^/?#]+)(?:\/[^?#]*)?$/.exec(url) ?? [];
  if (!isHostOf(hosts, host)) {
    throw new FieldError('token.issuer', `expected an https URL under one of ${hosts.join(', ')}`);
  }
  // Where anybody may run an issuer, only subjects tell which.
  const issuer = issuerAt(providerPathOf(url), host.endsWith(OWN_DOMAIN) ? [sub] : []);
  if (issuer.id === 'other')
    throw new FieldError('token.issuer', 'no issuer has such a path and such subjects');
  return issuer;
}

function checkSubject({ name, forms, formsFor }: Issuer, sub: string): void {
  if (readSubject({ ...forms, ...formsFor(sub) }, sub) === undefined) {
    throw new FieldError('token.claims.sub', `${name} writes no such subject`);
  }
}
