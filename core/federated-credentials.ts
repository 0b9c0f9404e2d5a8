/**
 * Workloads that a developer lets in by tags on the role: each gets a federated credential on the role's application.
 * It turns the right to tag into the right to enter, so only what the config allows is made.
 */
import { createHash } from 'node:crypto';
import { CLOUDS, type Issuer } from './issuer.ts';
import { FEDERATED_CREDENTIAL_KEY } from './tags.ts';

/** A workload by the claims of its own tokens, which Entra compares exactly and with regard to case. */
export interface Workload {
  readonly issuer: string;
  readonly subject: string;
}

/** Workloads that tags may ask for. */
export interface AllowedWorkloads {
  /** Exactly. */
  readonly issuer: string;
  /** How a subject must begin. */
  readonly subjects: readonly string[];
}

/** A federated credential as wanted, or as Graph shows it. */
export interface FederatedCredential extends Workload {
  /** Never changes, and unique in its application. */
  readonly name: string;
  readonly audience: string;
  readonly description: string | null;
}

export type Asked =
  | { readonly kind: 'allowed'; readonly workloads: readonly Workload[] }
  | { readonly kind: 'refused'; readonly detail: string };

/** Entra: federated credentials of one application. The first tag has no number. */
const KEY_NUMBER = /^(?::(?:[2-9]|1\d|20))?$/;
/**
 * ASCII of IAM's tag alphabet, the blank within a subject (an environment's name) included: what is compared exactly
 * must not look like something else. There is no wildcard in it.
 */
const VALUE = /^(https:\/\/[\w.:/=+@-]+) ([\w.:/=+@-]+(?: [\w.:/=+@-]+)*)$/;

/** Which workloads the tags of a role ask for; refused as a whole where one of them cannot be had. */
export function workloadsAskedFor(
  tags: Readonly<Record<string, string>>,
  allowed: readonly AllowedWorkloads[],
): Asked {
  const workloads: Workload[] = [];
  for (const [key, value] of Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = key.toLowerCase();
    if (!name.startsWith(FEDERATED_CREDENTIAL_KEY)) continue;
    const refused = (why: string): Asked => ({ kind: 'refused', detail: `the tag ${name} ${why}` });
    if (!KEY_NUMBER.test(name.slice(FEDERATED_CREDENTIAL_KEY.length)))
      return refused('is not numbered 2 to 20');
    const [, issuer, subject] = VALUE.exec(value) ?? [];
    if (issuer === undefined || subject === undefined) return refused('is not an issuer and a subject');
    const workload = { issuer, subject };
    if (!isAllowed(workload, allowed)) return refused('names what the config does not allow');
    if (workloads.some((other) => isSame(other, workload))) return refused('repeats another one');
    workloads.push(workload);
  }
  return { kind: 'allowed', workloads };
}

const isAllowed = ({ issuer, subject }: Workload, allowed: readonly AllowedWorkloads[]): boolean =>
  allowed.some((one) => one.issuer === issuer && one.subjects.some((prefix) => subject.startsWith(prefix)));

/** Whether the directory tells them apart by case alone is not documented. */
const isSame = (one: Workload, other: Workload): boolean =>
  pairOf(one).toLowerCase() === pairOf(other).toLowerCase();

const pairOf = ({ issuer, subject }: Workload): string => `${issuer} ${subject}`;

/** Whether both ask for the same, in whatever order. */
export function areSameWorkloads(some: readonly Workload[] = [], others: readonly Workload[] = []): boolean {
  const pairs = new Set(others.map(pairOf));
  return some.length === others.length && some.every((workload) => pairs.has(pairOf(workload)));
}

/** Together with the name it tells the factory's credentials from those of people. */
const DESCRIPTION = 'Made by the OIDC factory from a tag of the role';
const OUR_NAME = /^oidc-factory-[0-9a-f]{32}$/;

/**
 * The credential of a workload. The name follows from what it holds, so that one whose answer was lost is found again,
 * and none is ever changed in place.
 */
export const credentialOf = (workload: Workload, { cloud }: Pick<Issuer, 'cloud'>): FederatedCredential => ({
  name: `oidc-factory-${createHash('sha256').update(pairOf(workload)).digest('hex').slice(0, 32)}`,
  issuer: workload.issuer,
  subject: workload.subject,
  audience: CLOUDS[cloud].federatedCredentialAudience,
  description: DESCRIPTION,
});

/** Whether the factory made it, by what it shows: nobody gives theirs such a name and this description by chance. */
const isOurs = ({ name, description }: FederatedCredential): boolean =>
  OUR_NAME.test(name) && description === DESCRIPTION;

/** What makes the application's credentials those that are wanted. Those that people added stay. */
export function credentialChanges(
  observed: readonly FederatedCredential[],
  wanted: readonly FederatedCredential[],
): { readonly remove: readonly FederatedCredential[]; readonly add: readonly FederatedCredential[] } {
  const remove = observed.filter((one) => isOurs(one) && !isAmong(wanted, one));
  const left = observed.filter((one) => !remove.includes(one));
  // Issuer and subject are unique in an application: where people have added the very same, it serves.
  return { remove, add: wanted.filter((one) => !left.some((other) => admitsSame(one, other))) };
}

/** Those that the factory did not make. */
export const strangers = (observed: readonly FederatedCredential[]): readonly FederatedCredential[] =>
  observed.filter((one) => !isOurs(one));

const admitsSame = (one: FederatedCredential, other: FederatedCredential): boolean =>
  pairOf(one) === pairOf(other) && one.audience === other.audience;

const isAmong = (wanted: readonly FederatedCredential[], one: FederatedCredential): boolean =>
  wanted.some((other) => other.name === one.name && admitsSame(other, one));
