import type { RoleId } from '../core/ids.ts';
import type { LedgerEntry } from '../core/ledger-entry.ts';
import type { RoleView } from './ports.ts';
import type { CreateRun } from './workflow.ts';

/** The entry of an incarnation that the ledger does not know yet, before anything is made for it. */
export const firstEntry = (run: CreateRun, roleId: RoleId, now: string): LedgerEntry => ({
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
