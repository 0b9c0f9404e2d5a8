/**
 * The tags on a role: the developer's interface. IAM compares keys without regard to case; values have at most 256
 * characters of `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
 */
import type { ErrorCode } from './errors.ts';
import { ERRORS } from './errors.ts';
import type { AppId, Audience, RoleId } from './ids.ts';

declare const kind: unique symbol;
type RoleTags<Kind extends string> = Readonly<Record<string, string>> & { readonly [kind]?: Kind };

/** The mark and `pending`; only the inspect member role may write the mark. */
export type PendingTags = RoleTags<'pending'>;
/** How a run ended; never holds the mark. */
export type OutcomeTags = RoleTags<'outcome'>;

export const TAGS = {
  status: 'oidc-factory:status',
  clientId: 'oidc-factory:client-id',
  audience: 'oidc-factory:audience',
  detail: 'oidc-factory:detail',
  /** Set by a developer: the factory leaves the role alone. */
  ignore: 'oidc-factory:ignore',
} as const;

/** On the provider, set by the sweep: the event of it proves the way from the account to the factory. */
export const HEARTBEAT_KEY = 'oidc-factory:heartbeat';

/** Which incarnation was inspected: the trust policy may be written only where this tag has that role's id. */
export const MARK_KEY = 'oidc-factory:role-id';

/**
 * Set by a developer: `<issuer> <subject>` of a workload that may log in as the application. Further ones have `:2` to
 * `:20` after the key.
 */
export const FEDERATED_CREDENTIAL_KEY = 'oidc-factory:federated-credential';

/** Keys that an outcome may set, for the policies that allow exactly these. */
export const OUTCOME_KEYS: readonly string[] = [TAGS.status, TAGS.clientId, TAGS.audience, TAGS.detail];

export const pendingTags = (roleId: RoleId): PendingTags => ({
  [TAGS.status]: 'pending',
  [TAGS.detail]: tagValue('The application is being made'),
  [MARK_KEY]: roleId,
});

export const readyTags = (application: { appId: AppId; audience: Audience }): OutcomeTags => ({
  [TAGS.status]: 'ready',
  [TAGS.clientId]: application.appId,
  [TAGS.audience]: tagValue(application.audience),
  [TAGS.detail]: tagValue('The role trusts its application'),
});

export const failedTags = (code: ErrorCode): OutcomeTags => ({
  [TAGS.status]: 'failed',
  [TAGS.detail]: tagValue(`${code}: ${ERRORS[code].remedy}`),
});

export const ignoredTags = (detail: string): OutcomeTags => ({
  [TAGS.status]: 'ignored',
  [TAGS.detail]: tagValue(detail),
});

/** The value of a tag, its key in any case. */
export function tagOf(tags: Readonly<Record<string, string>>, key: string): string | undefined {
  const wanted = key.toLowerCase();
  return Object.entries(tags).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

/** Whether developers say something by a tag of this key. */
export const isInputKey = (key: string): boolean =>
  key.toLowerCase() === TAGS.ignore || key.toLowerCase().startsWith(FEDERATED_CREDENTIAL_KEY);

/** Whatever the value: who set the tag to `false` is better asked than overruled. */
export const hasIgnoreTag = (tags: Readonly<Record<string, string>>): boolean =>
  tagOf(tags, TAGS.ignore) !== undefined;

const OUTSIDE_ALPHABET = /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu;

/** `text` in IAM's alphabet (other characters become `-`), cut to 256. */
export const tagValue = (text: string): string =>
  // Cutting may halve a surrogate pair; the lone half is outside the alphabet, so cut before replacing.
  text.slice(0, 256).replace(OUTSIDE_ALPHABET, '-');
