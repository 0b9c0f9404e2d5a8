import type { FoundApplication } from '../core/dispatch.ts';
import type { Audience, RoleId } from '../core/ids.ts';
import { audienceFor, type TokenVersion } from '../core/issuer.ts';
import type { LedgerEntry } from '../core/ledger-entry.ts';
import type { RoleView } from './ports.ts';
import type { CreateRun, DeleteRun } from './workflow.ts';

/** The entry of an incarnation that the ledger does not know yet, before anything is made for it. */
export const firstEntry = (run: CreateRun | DeleteRun, roleId: RoleId, now: string): LedgerEntry => ({
  accountId: run.accountId,
  roleName: run.roleName,
  roleId,
  phase: 'creating',
  step: 'inspect-role',
  eventIds: [],
  generation: 1,
  createdAt: now,
  updatedAt: now,
  version: 0,
});

/** The entry with an application that the sweep has found by its name; verified before it is trusted or deleted. */
export const withFound = (
  entry: LedgerEntry,
  { objectId, createdAt, providerArn, ...application }: FoundApplication,
  tokenVersion: TokenVersion,
): LedgerEntry => ({
  ...entry,
  ...application,
  applicationIntentAt: createdAt,
  applicationKnownAt: createdAt,
  applicationObjectId: objectId,
  audience: audienceFor(application.appId, tokenVersion),
  ...(providerArn ? { providerArn } : {}),
});

/** The entry of a role that a person has named for service with these audiences; recorded, so that later looks agree. */
export const withApproved = (entry: LedgerEntry, approved: readonly Audience[]): LedgerEntry => ({
  ...entry,
  former: approved.map((audience) => ({ audience })),
});

/** The entry with what the run and IAM say of the role; the name as IAM spells it. */
export const withRole = (entry: LedgerEntry, run: CreateRun, role: RoleView): LedgerEntry => {
  const createdBy = entry.createdBy ?? run.createdBy;
  return {
    ...entry,
    roleName: role.roleName,
    roleArn: role.roleArn,
    roleCreatedAt: role.createdAt,
    ...(createdBy ? { createdBy } : {}),
  };
};
