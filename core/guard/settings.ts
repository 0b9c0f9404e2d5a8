/**
 * `observe` reports and writes nothing to roles; `suggest` also says on the role what is wrong; `enforce` also
 * contains what is critical.
 */
export type GuardMode = 'observe' | 'suggest' | 'enforce';
export const GUARD_MODES: readonly GuardMode[] = ['observe', 'suggest', 'enforce'];

/** What the guard decides by; comes from the config, through the function's environment. Durations in seconds. */
export interface GuardSettings {
  readonly mode: GuardMode;
  /** Hosts or URLs of issuers that may have a provider; undefined: any. */
  readonly issuers: readonly string[] | undefined;
  /** Roles that the guard contains by itself within any hour. */
  readonly quarantinesPerHour: number;
  /** How long a critical finding on a role that is not new may stand before it is contained. */
  readonly graceSeconds: number;
  /** How young a role is when nothing depends on it yet: contained without grace. */
  readonly newRoleSeconds: number;
  /** Used so lately, a role that is not new is contained by operators only. */
  readonly inUseSeconds: number;
  /** How old a change must be before a contradicting answer of IAM counts as the truth. */
  readonly settleSeconds: number;
}
