/** Access keys that the wire accepts: of users, as IAM holds them, and of sessions, until they expire. */
import { randomBytes } from 'node:crypto';
import type { Caller, Credentials, SandboxTime } from '../cloud.ts';
import { type IamStore, randomSecret, uniqueId } from './iam/store.ts';

/** A key and who it stands for. */
export interface KnownKey {
  readonly credentials: Credentials;
  readonly caller: Caller;
}

export interface CredentialStore {
  /** Undefined: no such key, or the user or role behind it is gone. An expired session is still found. */
  find(accessKeyId: string): KnownKey | undefined;
  issue(caller: Caller, seconds: number): Credentials;
}

export function createCredentialStore(iam: IamStore, time: SandboxTime): CredentialStore {
  const sessions = new Map<string, KnownKey>();

  /** An expired session answers ExpiredToken for a while, then it is forgotten. */
  function forget(): void {
    const before = time.now() - 3_600_000;
    for (const [id, { credentials }] of sessions) {
      if (credentials.expiration && credentials.expiration.getTime() < before) sessions.delete(id);
    }
  }

  return {
    find(accessKeyId) {
      const session = sessions.get(accessKeyId);
      if (session) return session;
      const found = iam.accessKey(accessKeyId);
      if (!found) return undefined;
      const { user, key } = found;
      return {
        credentials: key,
        caller: {
          principal: { type: 'aws', accountId: user.accountId, arn: user.arn },
          accountId: user.accountId,
          accessKeyId,
        },
      };
    },
    issue(caller, seconds) {
      forget();
      const expiration = new Date(Math.floor(time.now() / 1000 + seconds) * 1000);
      const credentials: Credentials = {
        accessKeyId: uniqueId('ASIA', 16),
        secretAccessKey: randomSecret(),
        sessionToken: randomBytes(96).toString('base64'),
        expiration,
      };
      const { accessKeyId } = credentials;
      sessions.set(accessKeyId, {
        credentials,
        caller: { ...caller, accessKeyId, credentialsExpire: expiration },
      });
      return credentials;
    },
  };
}
