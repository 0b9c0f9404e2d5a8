/** Judgements on the factory account: functions, workflows and their runs, the ledger and what it says, outbound federation. */
import { type ControlDocument, isDirectoryFull } from '../control.ts';
import { FUNCTION_NAMES, type FunctionName } from '../naming.ts';
import type { KnownAccount } from '../overview.ts';
import type { Mode } from '../settings.ts';
import { isHeartbeatMissing } from '../sweep.ts';
import { fail, ok, type Verdict } from './verdict.ts';

/** A function by the fixed name of its role. */
export interface ObservedFunction {
  readonly name: FunctionName;
  readonly variables: Readonly<Record<string, string>>;
}

/** The dispatcher is known by what it reads. */
const OF_WORKFLOWS = FUNCTION_NAMES.filter((name) => name !== 'dispatch-role-event');

/** Whether the workflows have all their functions, with these values of variables. */
export function judgeFunctions(
  functions: readonly ObservedFunction[],
  expected: Readonly<Record<string, string>>,
): Verdict {
  const missing = OF_WORKFLOWS.filter((name) => !functions.some((found) => found.name === name));
  if (missing.length > 0) return fail('NotDeployed', missing.join(', '));
  const differing = functions.flatMap(({ name, variables }) =>
    Object.entries(expected)
      .filter(([variable, value]) => variables[variable] !== value)
      .map(([variable]) => `${name}: ${variable}`),
  );
  return differing.length === 0
    ? ok(`all ${functions.length} are as configured`)
    : fail('DeploymentChanged', `other than configured: ${differing.slice(0, 5).join(', ')}`);
}

export const judgeWorkflow = (isDeployed: boolean): Verdict =>
  isDeployed ? ok('deployed') : fail('NotDeployed', 'there is no such state machine');

export interface ObservedRun {
  readonly executionArn: string;
  /** The event's id, with what dispatching appends: `-r<n>` for a further attempt. */
  readonly name: string;
  readonly status: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

const FAILED: readonly string[] = ['FAILED', 'TIMED_OUT', 'ABORTED'];

/** Runs that failed, but for those that a later attempt at the same event made good, or is about to. Newest first. */
export function failedRuns(runs: readonly ObservedRun[]): readonly ObservedRun[] {
  const newest = new Map<string, ObservedRun>();
  for (const run of runs) {
    const event = run.name.replace(/-r\d+$/, '');
    const known = newest.get(event);
    if (known === undefined || known.startedAt < run.startedAt) newest.set(event, run);
  }
  return [...newest.values()]
    .filter(({ status }) => FAILED.includes(status))
    .sort((left, right) => right.startedAt - left.startedAt);
}

export function judgeRuns(runs: readonly ObservedRun[]): Verdict {
  const failed = failedRuns(runs);
  const [newest] = failed;
  if (newest === undefined)
    return ok(runs.length === 0 ? 'none yet' : `none of the last ${runs.length} failed`);
  return fail('RunsFailed', `${failed.length} of the last ${runs.length}, the newest is ${newest.name}`);
}

export const judgeLedger = (table: { readonly status: string } | undefined): Verdict => {
  if (table === undefined) return fail('NotDeployed', 'the table does not exist');
  // While an index or a setting changes, the table is UPDATING and serves.
  return ['ACTIVE', 'UPDATING'].includes(table.status)
    ? ok('active')
    : fail('NotDeployed', `its status is ${table.status}`);
};

/** `issuer`: undefined where the account issues no tokens. */
export const judgeOutboundFederation = (issuer: string | undefined): Verdict =>
  issuer === undefined ? fail('OutboundFederationDisabled', 'it is disabled') : ok(`tokens of ${issuer}`);

export function judgeControl(document: ControlDocument, now: number): Verdict {
  const { paused, directoryFullUntil } = document;
  if (paused) {
    const { since, by, reason } = paused;
    return fail('Paused', `since ${since}, by ${by}${reason === undefined ? '' : `: ${reason}`}`);
  }
  return isDirectoryFull(document, now)
    ? fail('DirectoryQuotaExceeded', `no application is made until ${directoryFullUntil}`)
    : ok('neither paused nor held back');
}

/** The other notes are what the checks of the provider see, as it is now. */
export const judgeEnrolment = ({ enrolledAt, notes }: KnownAccount, mode: Mode): Verdict =>
  notes.includes('provider-contested')
    ? fail('ProviderContested', 'the factory stands back from the provider')
    : ok(`enrolled ${enrolledAt}; mode ${mode}${mode === 'observe' ? ': no role is served' : ''}`);

/** `seconds`: what two sweeps take. */
export function judgeHeartbeat(record: KnownAccount, now: number, seconds: number): Verdict {
  const { enrolledAt, heartbeatSeenAt } = record;
  const last =
    heartbeatSeenAt === undefined ? `none since ${enrolledAt}` : `the last one of ${heartbeatSeenAt}`;
  return isHeartbeatMissing(record, now, seconds) ? fail('HeartbeatMissing', last) : ok(last);
}
