/** An account with one role that is served and in order, and what is changed about it. */

import type {
  AccountSeen,
  DriftDurations,
  SeenApplication,
  SeenRole,
} from '../../../core/drift/observation.ts';
import { planAccount } from '../../../core/drift/plan.ts';
import type { DriftReason } from '../../../core/drift/reasons.ts';
import type { Step } from '../../../core/drift/step.ts';
import type { Audience } from '../../../core/ids.ts';
import { appId, appObjectId, roleArn, roleId, roleName, servicePrincipalId } from '../../../core/ids.ts';
import { audienceFor, identifierUriFor } from '../../../core/issuer.ts';
import type { LedgerEntry } from '../../../core/ledger-entry.ts';
import { displayName, uniqueName } from '../../../core/naming.ts';
import { ACCOUNT, key, PLACEHOLDER, PROVIDER_ARN, policyWith, SETTINGS } from '../../fixtures/domain.ts';

export const NOW = Date.parse('2026-06-01T12:00:00Z');
export const HOUR = 3_600_000;
export const DURATIONS: DriftDurations = { ageSeconds: 3600, settleSeconds: 300 };
export const ago = (milliseconds: number): string => new Date(NOW - milliseconds).toISOString();
const DAY = 24 * HOUR;

/** Everything of the `n`th incarnation. */
export interface Served {
  readonly role: SeenRole;
  readonly entry: LedgerEntry;
  readonly application: SeenApplication;
  readonly audience: Audience;
}

const padded = (n: number): string => String(n).padStart(12, '0');

export function served(n = 1): Served {
  const ids = {
    roleName: roleName(`deploy-${n}`),
    roleId: roleId(`AROAEXAMPLE${String(n).padStart(10, '0')}`),
  };
  const app = appId(`a9900000-0000-4000-8000-${padded(n)}`);
  const principal = servicePrincipalId(`5e990000-0000-4000-8000-${padded(n)}`);
  const objectId = appObjectId(`0b9ec700-0000-4000-8000-${padded(n)}`);
  const audience = audienceFor(app, 1);
  const arn = roleArn(`arn:aws:iam::${ACCOUNT}:role/${ids.roleName}`);
  const entry: LedgerEntry = {
    ...ids,
    accountId: ACCOUNT,
    phase: 'ready',
    step: 'assign-audience',
    roleArn: arn,
    roleCreatedAt: ago(10 * DAY),
    eventIds: [],
    generation: 1,
    applicationIntentAt: ago(10 * DAY),
    applicationKnownAt: ago(10 * DAY),
    applicationObjectId: objectId,
    appId: app,
    servicePrincipalId: principal,
    audience,
    providerArn: PROVIDER_ARN,
    readyAt: ago(10 * DAY),
    createdAt: ago(10 * DAY),
    updatedAt: ago(10 * DAY),
    version: 7,
  };
  return {
    audience,
    entry,
    role: {
      ...ids,
      roleArn: arn,
      path: '/',
      createdAt: ago(10 * DAY),
      tags: {},
      trustPolicy: policyWith({ StringEquals: { [key('aud')]: audience, [key('sub')]: principal } }),
    },
    application: {
      objectId,
      appId: app,
      uniqueName: uniqueName({ accountId: ACCOUNT, roleId: ids.roleId, generation: 1 }),
      displayName: displayName({ accountId: ACCOUNT, roleName: ids.roleName }),
      createdByAppId: SETTINGS.factoryAppId,
      createdAt: ago(10 * DAY),
      signInAudience: 'AzureADMyOrg',
      identifierUris: [identifierUriFor(app)],
      tokenVersion: 1,
      ownerIds: [SETTINGS.factoryServicePrincipalId],
      passwords: 0,
      keys: 0,
      federatedCredentials: [],
      servicePrincipal: { id: principal, appId: app, enabled: true, assignmentRequired: false },
    },
  };
}

/** The account with these roles, all in order. */
export const account = (...all: readonly Served[]): AccountSeen => ({
  accountId: ACCOUNT,
  status: 'active',
  partition: 'aws',
  mode: 'enforce',
  caps: { rolesPerAccount: 90, creationsPerHour: 50, removalsPerHour: 50 },
  backfill: false,
  providerOwner: 'factory',
  isDirectoryFull: false,
  observedAt: { applications: NOW - 3000, ledger: NOW - 2000, account: NOW - 1000 },
  now: NOW,
  applications: all.map(({ application }) => application),
  entries: all.map(({ entry }) => entry),
  roleIds: all.map(({ role }) => role.roleId),
  roles: all.map(({ role }) => role),
  providers: [
    { providerArn: PROVIDER_ARN, clientIds: [PLACEHOLDER, ...all.map(({ audience }) => audience)] },
  ],
  record: { enrolledAt: ago(100 * DAY) },
  principals: {},
});

type Parts = Partial<{
  [Part in keyof Served]: Served[Part] extends object ? Partial<Served[Part]> | null : never;
}>;

/** One role, changed in part; null: that part of it is not there. */
export function changed({ role, entry, application }: Parts, more: Partial<AccountSeen> = {}): AccountSeen {
  const one = served();
  return {
    ...account(one),
    applications: application === null ? [] : [{ ...one.application, ...application }],
    entries: entry === null ? [] : [{ ...one.entry, ...entry }],
    roleIds: role === null ? [] : [one.role.roleId],
    roles: role === null ? [] : [{ ...one.role, ...role }],
    ...more,
  };
}

export const plan = (seen: AccountSeen): Step[] => planAccount(seen, SETTINGS, DURATIONS);
export const reasons = (seen: AccountSeen): DriftReason[] => plan(seen).map(({ reason }) => reason);
