/** Access tokens: their signing key, their claims in both versions, and the check that Graph makes of them. */
import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose';
import type { Application, ServicePrincipal } from './objects.ts';

/** Entra draws 60 to 90 minutes; the sandbox takes the shortest. */
export const TOKEN_SECONDS = 3_599;

export interface TokenIssuer {
  /** `https://sts.windows.net/<tenant>/`, slash included. */
  readonly v1Issuer: string;
  /** `https://login.microsoftonline.com/<tenant>/v2.0`. */
  readonly v2Issuer: string;
  readonly jwks: { readonly keys: readonly JWK[] };
  issue(grant: Grant): Promise<string>;
  /** The claims of a token of this tenant, signature and times checked; rejects otherwise. */
  verify(token: string): Promise<Readonly<Record<string, unknown>>>;
}

export interface Grant {
  readonly client: ServicePrincipal;
  /** How the client proved itself. */
  readonly proof: 'secret' | 'assertion';
  readonly resource: ServicePrincipal;
  /** The resource's application; undefined for the platform's own resources, which take v1. */
  readonly application: Application | undefined;
  /** The resource as the client named it: a v1 token carries it as `aud`. */
  readonly named: string;
  readonly roles: readonly string[];
}

export async function createTokenIssuer(options: {
  tenantId: string;
  loginHost: string;
  v1Host: string;
}): Promise<TokenIssuer> {
  const { tenantId } = options;
  const v1Issuer = `https://${options.v1Host}/${tenantId}/`;
  const v2Issuer = `https://${options.loginHost}/${tenantId}/v2.0`;
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);

  return {
    v1Issuer,
    v2Issuer,
    jwks: { keys: [{ ...jwk, kid, x5t: kid, use: 'sig', alg: 'RS256' }] },

    async issue({ client, proof, resource, application, named, roles }) {
      const v2 = application?.tokenVersion === 2;
      const strength = proof === 'secret' ? '1' : '2';
      const claims = {
        iss: v2 ? v2Issuer : v1Issuer,
        // v2 always the client id, v1 the resource as it was asked for.
        aud: v2 ? resource.appId : named,
        ...(v2
          ? { azp: client.appId, azpacr: strength }
          : { appid: client.appId, appidacr: strength, idp: v1Issuer }),
        idtyp: 'app',
        oid: client.id,
        // App-only: the subject is the caller's service principal, not its application.
        sub: client.id,
        tid: tenantId,
        ...(roles.length > 0 && { roles }),
        uti: randomUUID(),
        ver: v2 ? '2.0' : '1.0',
      };
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT(claims)
        .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid, x5t: kid })
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(now + TOKEN_SECONDS)
        .sign(privateKey);
    },

    async verify(token) {
      const { payload } = await jwtVerify(token, publicKey, {
        algorithms: ['RS256'],
        issuer: [v1Issuer, v2Issuer],
        clockTolerance: 5,
      });
      return payload;
    },
  };
}
