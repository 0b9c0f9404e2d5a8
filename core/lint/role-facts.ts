/** What is known of a role beside its trust policy, and of the account it is in. Whatever is absent is not judged. */
import type { RolePolicy } from '../administrator.ts';
import type { Suppression } from './suppressions.ts';

export interface RoleFacts {
  readonly tags?: Readonly<Record<string, string>>;
  readonly maxSessionSeconds?: number;
  /** Managed and inline. */
  readonly policies?: readonly RolePolicy[];
  /** Null: there is none. */
  readonly boundary?: RolePolicy | null;
}

export interface LintSettings {
  /** Client ids of the account's providers, by path. */
  readonly clientIds?: ReadonlyMap<string, readonly string[]>;
  /** Issuers that may have a provider, as URL or path; absent: any. */
  readonly issuers?: readonly string[];
  readonly suppressions?: readonly Suppression[];
  /** `YYYY-MM-DD`. */
  readonly today: string;
}
