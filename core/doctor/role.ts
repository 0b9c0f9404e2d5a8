/** Judgements on one role: whether tags, provider and application are what the ledger says. */
import {
  type ObservedApplication,
  type ObservedServicePrincipal,
  verificationProblems,
} from '../application.ts';
import type { Audience, ServicePrincipalId } from '../ids.ts';
import { identifierUriFor } from '../issuer.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { FactorySettings } from '../settings.ts';
import { TAGS, tagOf } from '../tags.ts';
import { fail, ok, type Verdict } from './verdict.ts';

type Tags = Readonly<Record<string, string>>;

/** `entry`: of this very incarnation. `consents`: whether its trust policy asks to be served. */
export function judgeEntry(entry: LedgerEntry | undefined, role: { tags: Tags; consents: boolean }): Verdict {
  if (entry === undefined) {
    if (role.consents) return fail('RoleNotReady', 'no run has begun for it');
    return tagOf(role.tags, TAGS.audience) === undefined
      ? ok('none: the role is not the factory’s business')
      : fail('EntryMissing', `its tag says ${tagOf(role.tags, TAGS.audience)}`);
  }
  const { phase, step, error } = entry;
  if (error && phase !== 'ready') return fail(error.code, `${phase} in ${error.step} at ${error.at}`);
  switch (phase) {
    case 'ready':
      return ok(`ready since ${entry.readyAt ?? entry.updatedAt}`);
    case 'removing':
    case 'removed':
      return fail('BeingRemoved', `${phase}, last step ${step}`);
    default:
      return fail('RoleNotReady', `${phase}, last step ${step} at ${entry.updatedAt}`);
  }
}

export function judgeTags(tags: Tags, entry: LedgerEntry | undefined): Verdict {
  const status = tagOf(tags, TAGS.status);
  if (entry?.phase !== 'ready') {
    return status === 'ready'
      ? fail('TagsChanged', `they say ready, the ledger says ${entry?.phase ?? 'nothing'}`)
      : ok(status === undefined ? 'no status' : `status ${status}`);
  }
  const expected: [string, string | undefined][] = [
    [TAGS.status, 'ready'],
    [TAGS.clientId, entry.appId],
    [TAGS.audience, entry.audience],
  ];
  const wrong = expected.filter(([key, value]) => tagOf(tags, key) !== value);
  return wrong.length === 0
    ? ok('status ready, client id and audience as recorded')
    : fail('TagsChanged', wrong.map(([key, value]) => `${key} is not ${value}`).join(', '));
}

export const judgeAudience = (audience: Audience, clientIds: readonly string[]): Verdict =>
  clientIds.includes(audience) ? ok(`${audience} listed`) : fail('AudienceNotOnProvider', audience);

export function judgeApplication(
  observed: ObservedApplication | undefined,
  servicePrincipal: ObservedServicePrincipal | undefined,
  entry: LedgerEntry,
  settings: Pick<FactorySettings, 'issuer' | 'factoryAppId' | 'factoryServicePrincipalId'>,
): Verdict {
  if (observed === undefined)
    return fail('ApplicationMissing', `${entry.applicationObjectId} does not exist`);
  if (servicePrincipal === undefined) {
    return fail('ApplicationMissing', `${observed.appId} has no service principal`);
  }
  const { tokenVersion } = settings.issuer;
  // Unset counts as 1, but a default is not ours to rely on: the factory sets it.
  if ((observed.tokenVersion ?? 1) !== tokenVersion) {
    return fail('TokenVersionMismatch', `it issues version ${observed.tokenVersion}, not ${tokenVersion}`);
  }
  const problems = verificationProblems(observed, servicePrincipal, entry, settings);
  return problems.length === 0
    ? ok(`${observed.appId}, ${identifierUriFor(observed.appId)}, tokens of version ${tokenVersion}`)
    : fail('ApplicationChanged', problems.join('; '));
}

export interface SeenResource {
  readonly enabled: boolean;
  readonly assignmentRequired: boolean;
  /** How many principals are assigned to it. */
  readonly assigned: number;
}

/** Whether Entra issues tokens for the application at all. */
export function judgeResource({ enabled, assignmentRequired, assigned }: SeenResource): Verdict {
  if (!enabled) return fail('AudienceDisabled', 'it is disabled');
  if (!assignmentRequired) return ok('enabled, no assignment required');
  return assigned === 0
    ? fail('CallerNotAssigned', 'an assignment is required, and nobody has one')
    : ok(`enabled, an assignment is required, ${assigned} have one`);
}

/** What an id in a sub condition turns out to be in the tenant. */
export type SubjectKind = 'principal' | 'disabled' | 'client-id' | 'application' | 'absent';

const WHAT = {
  'client-id': 'is a client id',
  application: 'is the object id of an application',
  absent: 'is nobody',
} as const;

/** `own`: the application's own service principal. */
export function judgeSubjects(
  subjects: readonly { readonly id: string; readonly kind: SubjectKind }[],
  own: ServicePrincipalId | undefined,
): Verdict {
  const wrong = subjects.flatMap(({ id, kind }) =>
    kind in WHAT ? [`${id} ${WHAT[kind as keyof typeof WHAT]}`] : [],
  );
  if (wrong.length > 0) return fail('SubjectNotPrincipal', wrong.join(', '));
  const disabled = subjects.filter(({ kind }) => kind === 'disabled');
  if (disabled.length > 0) return fail('ClientDisabled', disabled.map(({ id }) => id).join(', '));
  const alone = subjects.every(({ id }) => id.toLowerCase() === own?.toLowerCase());
  return ok(alone ? "the application's own" : subjects.map(({ id }) => id).join(', '));
}
