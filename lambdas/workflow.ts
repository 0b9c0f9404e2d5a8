/** What travels between the dispatcher, the workflows and their steps. The definitions in statemachines/ pass exactly this. */
import type { AccountId, AppObjectId, EventId, ExecutionArn, RoleId, RoleName } from '../core/ids.ts';
import type { LedgerEntry, Step } from '../core/ledger-entry.ts';

/** Input of a create-role execution. */
export interface CreateRun {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  /** Null where the event carried no response: whatever incarnation exists then is inspected. */
  readonly roleId: RoleId | null;
  readonly eventId: EventId;
  readonly eventTime: string;
  readonly createdBy: string | null;
}

/** Input of a delete-role execution. */
export interface DeleteRun {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  readonly roleId: RoleId;
  readonly eventId: EventId;
  /** Time of the DeleteRole event; null where a create found its role gone, so that no event proves it. */
  readonly deletedAt: string | null;
}

export interface InspectRoleInput {
  readonly run: CreateRun;
  readonly execution: ExecutionArn;
}
export type InspectRoleOutput =
  | { readonly decision: 'proceed'; readonly reason: string; readonly entry: LedgerEntry }
  | { readonly decision: 'ready' | 'skip'; readonly reason: string; readonly entry: null };

/** register-application, add-audience, verify-application and assign-audience. */
export interface StepInput {
  readonly entry: LedgerEntry;
  readonly execution: ExecutionArn;
}
export interface StepOutput {
  readonly entry: LedgerEntry;
}

export interface ConfirmRoleGoneInput {
  readonly run: DeleteRun;
  readonly execution: ExecutionArn;
  /** When an earlier look first found no role; absent on the first look. */
  readonly missingSince?: string;
}
export type ConfirmRoleGoneOutput =
  | { readonly decision: 'gone'; readonly waitUntil: string; readonly entry: LedgerEntry }
  | { readonly decision: 'look-again'; readonly waitUntil: string; readonly missingSince: string }
  | { readonly decision: 'done'; readonly reason: string };

export interface RemoveAudienceOutput {
  readonly removed: 'audience' | 'nothing';
}
export interface DeleteApplicationOutput {
  readonly deleted: readonly AppObjectId[];
}

/** How one branch of a removal ended: `code` where it failed. */
export interface RemovalOutcome {
  readonly step: Step;
  readonly code?: string;
}

export type RecordOutcomeInput = {
  readonly execution: ExecutionArn;
} & (
  | { readonly run: CreateRun; readonly failure: { readonly step: Step; readonly code: string } }
  | {
      readonly run: DeleteRun;
      readonly removal: readonly RemovalOutcome[];
      /** As this run has claimed it; null where it has not. */
      readonly entry: LedgerEntry | null;
    }
);
export type RecordOutcomeOutput =
  | { readonly outcome: 'failed'; readonly code: string }
  | { readonly outcome: 'removed' }
  | { readonly outcome: 'superseded' }
  /** A create failed because its role is gone: the workflow starts the removal of this incarnation. */
  | { readonly outcome: 'role-gone'; readonly roleId: RoleId };
