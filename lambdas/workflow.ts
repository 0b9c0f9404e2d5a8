/** What travels between the dispatcher, the workflows and their steps. The definitions in statemachines/ pass exactly this. */
import type { CreateRequest, DeleteRequest, EnrolRequest } from '../core/dispatch.ts';
import type { EnrolmentNote } from '../core/enrolment.ts';
import type { AccountId, AppObjectId, ExecutionArn, ProviderArn, RoleId } from '../core/ids.ts';
import type { LedgerEntry, Step } from '../core/ledger-entry.ts';
import type { AccountToSweep, DirectoryQuestion, Sweep, SweepReport, SweepRequest } from '../core/sweep.ts';

/** Inputs of the workflows' executions. */
export type CreateRun = CreateRequest;
export type DeleteRun = DeleteRequest;
export type EnrolRun = EnrolRequest;

export interface EnrolAccountInput {
  readonly run: Pick<EnrolRun, 'accountId'>;
  readonly execution: ExecutionArn;
  /** Whether the provider's tag is set anew, so that its event proves the way from the account to the factory. */
  readonly heartbeat: boolean;
  /** Of a sweep, where the account was never enrolled: that nothing is deployed there is no failure. */
  readonly mayBeAbsent?: boolean;
}
export interface EnrolAccountOutput {
  readonly outcome: 'enrolled' | 'observed' | 'absent';
  readonly providerArn: ProviderArn | null;
  readonly notes: readonly EnrolmentNote[];
  /** What was put right. */
  readonly healed: readonly ('provider-missing' | 'placeholder-missing')[];
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

export interface ListAccountsInput {
  readonly execution: ExecutionArn;
  readonly startedAt: string;
  readonly request: SweepRequest;
}
export type ListAccountsOutput = {
  /** `skip`: an earlier sweep still runs. */
  readonly decision: 'sweep' | 'skip';
  readonly sweep: Sweep;
  readonly accounts: readonly AccountToSweep[];
};

/** The steps of a sweep that are about one account. */
interface AccountInput {
  readonly run: { readonly accountId: AccountId };
  readonly execution: ExecutionArn;
}
export interface ListApplicationsInput extends AccountInput {
  readonly question: DirectoryQuestion | null;
}
export interface ListApplicationsOutput {
  /** When it began to be read; milliseconds since the epoch. */
  readonly observedAt: number;
  /** Whether it answers a question. */
  readonly answers: boolean;
  /** Packed, for a state holds 256 KiB. */
  readonly applications: string;
  readonly principals: Readonly<Record<string, 'exists' | 'absent'>>;
}
export interface SweepAccountInput extends AccountInput {
  readonly sweep: Sweep;
  readonly account: AccountToSweep;
  /** Null where the directory could not be asked, or the account cannot. */
  readonly directory: ListApplicationsOutput | null;
  readonly enrolment: EnrolAccountOutput | null;
}
export interface SweepAccountOutput {
  /** `ask`: the directory, and come again. */
  readonly decision: 'done' | 'ask';
  readonly question: DirectoryQuestion | null;
}
export interface FinishSweepInput {
  readonly execution: ExecutionArn;
  readonly sweep: Sweep;
  readonly accounts: readonly AccountToSweep[];
}
export type FinishSweepOutput = SweepReport;
