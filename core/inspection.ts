/** What inspect-role makes of a role as it is, before anything is made for it. */
import {
  type ConsentReason,
  type ConsentResult,
  evaluateConsent,
  type KnownProvider,
  MAX_CLIENT_IDS,
} from './consent.ts';
import type { CreateRequest } from './dispatch.ts';
import { type ErrorCode, FactoryError } from './errors.ts';
import { areSameWorkloads, type Workload, workloadsAskedFor } from './federated-credentials.ts';
import type { AppId, Audience, RoleId, RoleName, ServicePrincipalId } from './ids.ts';
import { audienceFor } from './issuer.ts';
import { isLive, type LedgerEntry } from './ledger-entry.ts';
import { countRevert, isContested, type Reverts } from './reverts.ts';
import type { InspectionSettings } from './settings.ts';
import { rewriteTrustPolicy } from './trust-policy/rewrite.ts';

/** A role as GetRole shows it. */
export interface InspectedRole {
  readonly roleName: RoleName;
  readonly roleId: RoleId;
  readonly path: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly trustPolicy: string;
  readonly tags: Readonly<Record<string, string>>;
}

export type InspectionDecision =
  /** The event and IAM contradict each other, and the event is young: ask again later. */
  | { readonly kind: 'not-settled' }
  /** The incarnation of the event does not exist any more. */
  | { readonly kind: 'role-gone' }
  | {
      readonly kind: 'skip';
      readonly reason: ConsentReason | 'trust-policy-unreadable' | 'being-removed' | 'contested';
      readonly detail: string;
      readonly foreignAudiences?: readonly string[];
    }
  /** All is done: nothing to claim, nothing to write. */
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'proceed';
      readonly reason: 'placeholder' | 'own-audience';
      /** What the tags ask for, where they do: to be recorded with the claim. */
      readonly federatedCredentials?: readonly Workload[];
      /** Claim and mark the role, so that the failure can be recorded and shown on it; then fail with this. */
      readonly failWith?: ErrorCode;
      /** What the entry says of it from now on. */
      readonly reverts?: Reverts;
    };

export interface Inspection {
  readonly run: Pick<CreateRequest, 'accountId' | 'roleId' | 'eventTime' | 'recheck' | 'retry'>;
  /** Undefined: IAM knows no role of this name. */
  readonly role: InspectedRole | undefined;
  /** The tenant's provider that the trust policy names; undefined where the account has none. */
  readonly provider: KnownProvider | undefined;
  /** The ledger's entry for the role as it is. */
  readonly entry: LedgerEntry | undefined;
  readonly settings: InspectionSettings;
  /** What the account and the directory have left; where nobody asks, enough. */
  readonly limits?: { readonly rolesPerAccount: number; readonly isDirectoryFull: boolean };
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly settleSeconds: number;
}

export function decideInspection(inspection: Inspection): InspectionDecision {
  const { run, role, provider, settings } = inspection;
  const entry = inspection.entry !== undefined && isLive(inspection.entry) ? inspection.entry : undefined;
  if (role === undefined || (run.roleId !== null && role.roleId !== run.roleId)) {
    return whereItWent(inspection);
  }
  if (entry?.phase === 'removing') {
    return { kind: 'skip', reason: 'being-removed', detail: 'the removal of this role is under way' };
  }

  let consent: ConsentResult;
  try {
    consent = evaluateConsent({
      role: { ...role, accountId: run.accountId },
      provider,
      settings,
      recordedAudience: entry?.audience,
      former: entry?.former,
    });
  } catch (error) {
    return refuseToGuess(error, entry);
  }
  if (consent.kind === 'refused') {
    const { kind: _, ...refusal } = consent;
    return { kind: 'skip', ...refusal };
  }

  const asked = workloadsAskedFor(role.tags, settings.federatedCredentials);
  const workloads = asked.kind === 'allowed' ? asked.workloads : [];
  const outlook =
    asked.kind === 'refused' ? 'FederatedCredentialRefused' : outlookOf({ ...inspection, role, entry });
  const areAsked = areSameWorkloads(entry?.federatedCredentials, workloads);
  const isUndone = (outlook !== 'nothing-to-do' && asked.kind === 'allowed') || run.recheck === true;
  if (!isUndone && outlook === 'nothing-to-do' && areAsked && entry?.phase === 'ready')
    return { kind: 'ready' };
  const reverts = revertsOf(inspection, isUndone);
  const isFought = isUndone && isContested(reverts, inspection.now);
  if (isFought && entry?.error?.code === 'Contested') {
    return { kind: 'skip', reason: 'contested', detail: 'others keep changing it back, which the role says' };
  }
  const failWith = isFought ? 'Contested' : outlook;
  return {
    kind: 'proceed',
    reason: consent.kind === 'consents' ? 'placeholder' : 'own-audience',
    ...(workloads.length > 0 && { federatedCredentials: workloads }),
    ...(failWith === 'nothing-to-do' || failWith === 'work' ? {} : { failWith }),
    ...(reverts && { reverts }),
  };
}

/** Counted once for each time that something was right: the claim that follows makes the entry `creating`. */
function revertsOf({ run, entry, now }: Inspection, isUndone: boolean): Reverts | undefined {
  if (run.retry) return undefined;
  return isUndone && entry?.phase === 'ready' ? countRevert(entry.reverts, now) : entry?.reverts;
}

function whereItWent({ run, role, now, settleSeconds }: Inspection): InspectionDecision {
  const eventTime = Date.parse(run.eventTime);
  // A later incarnation can only exist because the event's own is gone; an earlier one is a stale read.
  if (role !== undefined && Date.parse(role.createdAt) > eventTime) return { kind: 'role-gone' };
  return now - eventTime >= settleSeconds * 1000 ? { kind: 'role-gone' } : { kind: 'not-settled' };
}

/** A role that the factory knows, or that carries a placeholder, gets its failure recorded; others are left alone. */
function refuseToGuess(error: unknown, entry: LedgerEntry | undefined): InspectionDecision {
  if (!(error instanceof FactoryError)) throw error;
  if (entry === undefined && error.code === 'TrustPolicyUnreadable') {
    return { kind: 'skip', reason: 'trust-policy-unreadable', detail: error.message };
  }
  return {
    kind: 'proceed',
    reason: entry === undefined ? 'placeholder' : 'own-audience',
    failWith: error.code,
    ...(entry?.reverts && { reverts: entry.reverts }),
  };
}

/** Whether work is left, or bound to fail: what cannot succeed is found before anything is made. */
function outlookOf({
  run,
  role,
  provider,
  entry,
  settings,
  limits,
}: Pick<Inspection, 'run' | 'provider' | 'entry' | 'settings' | 'limits'> & { role: InspectedRole }):
  | 'nothing-to-do'
  | 'work'
  | ErrorCode {
  if (provider === undefined) return 'ProviderMissing';
  const listed = entry?.audience !== undefined && provider.clientIds.includes(entry.audience);
  if (!listed && provider.clientIds.length >= MAX_CLIENT_IDS) return 'ProviderFull';
  if (!listed && limits && audiencesOn(provider.clientIds, settings.placeholders) >= limits.rolesPerAccount)
    return 'RoleCapReached';
  if (limits?.isDirectoryFull && entry?.applicationObjectId === undefined) return 'DirectoryQuotaExceeded';
  const appId = entry?.appId ?? NOBODY.appId;
  try {
    const { changed } = rewriteTrustPolicy({
      trustPolicy: role.trustPolicy,
      provider,
      accountId: run.accountId,
      settings,
      appId,
      audience: entry?.audience ?? audienceFor(appId, settings.issuer.tokenVersion),
      servicePrincipalId: entry?.servicePrincipalId ?? NOBODY.servicePrincipalId,
      recordedAudience: entry?.audience,
      former: entry?.former,
    });
    return listed && !changed ? 'nothing-to-do' : 'work';
  } catch (error) {
    if (error instanceof FactoryError) return error.code;
    throw error;
  }
}

/** Of roles, as far as the list tells. */
export const audiencesOn = (clientIds: readonly string[], placeholders: readonly Audience[]): number =>
  clientIds.filter((id) => !placeholders.some((placeholder) => placeholder === id)).length;

/** Stands for an application that is yet to be made: of the same length, and never written anywhere. */
const NOBODY = {
  appId: '00000000-0000-0000-0000-000000000000' as AppId,
  servicePrincipalId: '00000000-0000-0000-0000-000000000000' as ServicePrincipalId,
};
