/** What people are told of runs that failed: at once where the platform team must act, else in the daily digest. */
import { type ControlDocument, isDirectoryFull } from './control.ts';
import { ERRORS, type ErrorClass, type ErrorCode } from './errors.ts';
import type { AccountId, RoleName } from './ids.ts';
import { PARTITIONS, partitionOfRegion } from './issuer.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/** Holds names, ids and codes; never a policy, a token or an upstream body. */
export interface Notice {
  /** SNS: at most 100 printable ASCII characters. */
  readonly subject: string;
  readonly text: string;
}

/** A run that ended otherwise than well, as Step Functions announces it. */
export interface FailedRun {
  readonly execution: string;
  readonly workflow: string;
  readonly status: string;
  /** What the execution failed with; undefined where it was stopped, or nothing is said. */
  readonly error: string | undefined;
  /** Of the input, where it is about a role. */
  readonly accountId: AccountId | undefined;
  readonly roleName: RoleName | undefined;
  readonly roleId: string | undefined;
  readonly createdBy: string | undefined;
}

/** The code that a run ended with: what it said, else what the ledger says of its role. */
export function codeOf(run: FailedRun, entry: LedgerEntry | undefined): ErrorCode {
  const { error } = run;
  if (error !== undefined && Object.hasOwn(ERRORS, error)) return error as ErrorCode;
  return (error === undefined ? entry?.error?.code : undefined) ?? 'Unexpected';
}

/** Who must act: a developer of the role, or else the platform team, for whatever lasted until a run gave up. */
export const audienceOf = (code: ErrorCode): Exclude<ErrorClass, 'transient'> =>
  ERRORS[code].class === 'developer' ? 'developer' : 'platform';

export function failureNotice(run: FailedRun, code: ErrorCode, entry: LedgerEntry | undefined): Notice {
  const createdBy = run.createdBy ?? entry?.createdBy;
  return {
    subject: subject(`OIDC factory: ${run.workflow} failed, ${code}`),
    text: lines(
      ['What', `${run.workflow} ${run.status === 'FAILED' ? 'failed' : run.status.toLowerCase()}`],
      ['Account', run.accountId],
      ['Role', run.roleName],
      ['Created by', createdBy],
      ['Step', entry?.error?.step],
      ['Error', code],
      ['What to do', ERRORS[code].remedy],
      ['Then', retryOf(run)],
      ['Run', consoleLink(run.execution)],
    ),
  };
}

/** Undefined where there is nothing to tell. */
export function digest(entries: readonly LedgerEntry[]): Notice | undefined {
  const open = entries.filter(({ phase, error }) => phase === 'failed' && error !== undefined);
  const theirs = open.filter(({ error }) => error && audienceOf(error.code) === 'developer').sort(byRole);
  if (theirs.length === 0) return undefined;
  const shown = theirs.slice(0, MOST_IN_DIGEST);
  const more = theirs.length - shown.length;
  return {
    subject: subject(`OIDC factory: ${theirs.length} roles wait for their developers`),
    text: [
      'These roles failed for a reason that their developers can mend; the same is on the roles as tags.',
      '',
      ...shown.map(
        ({ accountId, roleName, createdBy, error }) =>
          `${accountId}  ${roleName}  ${error?.code}: ${error && ERRORS[error.code].remedy}${createdBy === undefined ? '' : ` (created by ${createdBy})`}`,
      ),
      ...(more > 0 ? ['', `and ${more} more: oidc-factory status --phase failed`] : []),
    ].join('\n'),
  };
}

/** SNS takes 256 KB; a line is 600 characters at most. */
const MOST_IN_DIGEST = 200;

/** Levels that alarms watch, as they are now. */
export function levels(
  control: ControlDocument,
  entries: readonly LedgerEntry[],
  now: number,
): { readonly PausedHours: number; readonly DirectoryFull: number; readonly UnreachableAccounts: number } {
  const { paused } = control;
  const unreachable = entries.filter(({ phase }) => phase === 'unreachable');
  return {
    PausedHours: paused ? Math.max(0, now - Date.parse(paused.since)) / HOUR : 0,
    DirectoryFull: isDirectoryFull(control, now) ? 1 : 0,
    UnreachableAccounts: new Set(unreachable.map(({ accountId }) => accountId)).size,
  };
}

const HOUR = 3_600_000;

const retryOf = ({ accountId, roleName }: FailedRun): string | undefined =>
  accountId === undefined || roleName === undefined
    ? undefined
    : `oidc-factory retry --account ${accountId} --role ${roleName}`;

/** `arn:<partition>:states:<region>:…`. */
function consoleLink(execution: string): string {
  const region = execution.split(':')[3] ?? '';
  const { consoleHost } = PARTITIONS[partitionOfRegion(region)];
  return `https://${consoleHost}/states/home?region=${region}#/v2/executions/details/${execution}`;
}

const lines = (...rows: readonly (readonly [name: string, value: string | undefined])[]): string =>
  rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`])).join('\n');

const subject = (text: string): string => text.slice(0, 100);

const byRole = (left: LedgerEntry, right: LedgerEntry): number =>
  `${left.accountId}/${left.roleName}` < `${right.accountId}/${right.roleName}` ? -1 : 1;
