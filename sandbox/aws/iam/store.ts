/** What IAM holds, for every account. Names are unique without regard to case. */
import { randomBytes, randomInt } from 'node:crypto';
import type { Policy } from '../../../core/policy/types.ts';
import type { Credentials } from '../../cloud.ts';
import { AWS_POLICIES } from './aws-policies.ts';

/** A policy document as it was given, and as the evaluator understands it. */
export interface PolicyDocument {
  readonly text: string;
  readonly policy: Policy;
}

/** By lower-case key; IAM compares tag keys without regard to case and keeps the first spelling. */
export type Tags = Map<string, { readonly Key: string; readonly Value: string }>;

/** What roles and users have in common. */
export interface Identity {
  readonly kind: 'role' | 'user';
  readonly accountId: string;
  readonly name: string;
  /** `AROA…` or `AIDA…`: one incarnation. */
  readonly id: string;
  readonly path: string;
  readonly arn: string;
  /** Whole seconds. */
  readonly createDate: Date;
  permissionsBoundary?: string;
  readonly tags: Tags;
  /** Inline policies by name. */
  readonly inline: Map<string, PolicyDocument>;
  /** ARNs of managed policies. */
  readonly attached: Set<string>;
}

export interface Role extends Identity {
  readonly kind: 'role';
  trustPolicy: PolicyDocument;
  description?: string;
  maxSessionDuration: number;
  /** When a session last made a request; AWS shows it hours later. */
  lastUsed?: { readonly at: Date; readonly region: string };
}

export interface AccessKey extends Credentials {
  readonly createDate: Date;
}

export interface User extends Identity {
  readonly kind: 'user';
  readonly accessKeys: Map<string, AccessKey>;
}

export interface OidcProvider {
  readonly accountId: string;
  readonly arn: string;
  /** With scheme. */
  readonly url: string;
  readonly clientIds: Set<string>;
  thumbprints: readonly string[];
  readonly createDate: Date;
  readonly tags: Tags;
}

export interface ManagedPolicy {
  readonly accountId: string;
  readonly name: string;
  readonly id: string;
  readonly path: string;
  readonly arn: string;
  readonly description?: string;
  readonly createDate: Date;
  readonly versions: PolicyVersion[];
  /** The default version. */
  inForce: PolicyVersion;
  readonly tags: Tags;
}

export interface PolicyVersion {
  readonly id: string;
  readonly createDate: Date;
  readonly document: PolicyDocument;
}

/** One account. Roles, users and policies by lower-case name, providers by ARN. */
export interface IamAccount {
  readonly accountId: string;
  readonly roles: Map<string, Role>;
  readonly users: Map<string, User>;
  readonly policies: Map<string, ManagedPolicy>;
  readonly oidcProviders: Map<string, OidcProvider>;
  /** Issuer of AWS's tokens for the outside; absent until it is first switched on. */
  outbound?: { readonly issuer: string; readonly enabled: boolean };
}

export const PARTITION = 'aws';
/** Where the partition's IAM lives and records its events. */
export const IAM_REGION = 'us-east-1';

export const iamArn = (accountId: string, resource: string): string =>
  `arn:${PARTITION}:iam::${accountId}:${resource}`;

export class IamStore {
  readonly #accounts = new Map<string, IamAccount>();

  constructor(accountIds: readonly string[]) {
    for (const accountId of accountIds) this.openAccount(accountId);
  }

  account(accountId: string): IamAccount | undefined {
    return this.#accounts.get(accountId);
  }

  /** Whether some account's tokens for the outside have this issuer. */
  hasOutboundIssuer(issuer: string): boolean {
    return [...this.#accounts.values()].some(({ outbound }) => outbound?.issuer === issuer);
  }

  openAccount(accountId: string): void {
    if (this.#accounts.has(accountId)) throw new Error(`the sandbox has the account ${accountId} already`);
    this.#accounts.set(accountId, {
      accountId,
      roles: new Map(),
      users: new Map(),
      policies: new Map(),
      oidcProviders: new Map(),
    });
  }

  /** The account that a call is made in; it exists, for the caller has come from it. */
  accountOf(accountId: string): IamAccount {
    const account = this.#accounts.get(accountId);
    if (!account) throw new Error(`the sandbox has no account ${accountId}`);
    return account;
  }

  /** By ARN, path included; a role under another path is another ARN. */
  roleByArn(arn: string): Role | undefined {
    const [, accountId = '', resource = ''] = /^arn:aws:iam::(\d{12}):role\/(.+)$/.exec(arn) ?? [];
    const name = resource.slice(resource.lastIndexOf('/') + 1);
    const role = this.account(accountId)?.roles.get(name.toLowerCase());
    return role?.arn === arn ? role : undefined;
  }

  userByArn(arn: string): User | undefined {
    const [, accountId = '', resource = ''] = /^arn:aws:iam::(\d{12}):user\/(.+)$/.exec(arn) ?? [];
    const name = resource.slice(resource.lastIndexOf('/') + 1);
    const user = this.account(accountId)?.users.get(name.toLowerCase());
    return user?.arn === arn ? user : undefined;
  }

  /** A managed policy that an identity of the account can have: its own, or AWS's. */
  managedPolicy(arn: string): ManagedPolicy | undefined {
    const ofAws = AWS_POLICIES.find((policy) => policy.arn === arn);
    if (ofAws) return ofAws;
    const [, accountId = '', resource = ''] = /^arn:aws:iam::(\d{12}):policy\/(.+)$/.exec(arn) ?? [];
    const name = resource.slice(resource.lastIndexOf('/') + 1);
    const policy = this.account(accountId)?.policies.get(name.toLowerCase());
    return policy?.arn === arn ? policy : undefined;
  }

  /** A user's key and the user it belongs to. */
  accessKey(accessKeyId: string): { user: User; key: AccessKey } | undefined {
    for (const account of this.#accounts.values()) {
      for (const user of account.users.values()) {
        const key = user.accessKeys.get(accessKeyId);
        if (key) return { user, key };
      }
    }
    return undefined;
  }
}

/** IAM's unique ids and access key ids: a prefix for the kind, then letters and digits of base 32. */
export function uniqueId(prefix: 'AROA' | 'AIDA' | 'AKIA' | 'ASIA' | 'ANPA', length = 17): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return prefix + Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** 40 characters, as AWS's secret keys have. */
export const randomSecret = (): string => randomBytes(30).toString('base64');

/** IAM keeps whole seconds. */
export const wholeSeconds = (milliseconds: number): Date => new Date(Math.floor(milliseconds / 1000) * 1000);
