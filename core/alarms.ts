/**
 * Every alarm, as data. Its id is the anchor of its section in docs/runbook.md; the construct makes CloudWatch's of
 * it, and a test holds its metric against what the functions emit.
 */
import type { ErrorCode } from './errors.ts';
import type { AnyFunctionName } from './naming.ts';

export type AlarmMetric =
  /** Messages on a dead-letter queue. */
  | { readonly of: 'queue' }
  /** Invocations of a function that ended in an error. */
  | { readonly of: 'function-errors' }
  /** A count of a function. */
  | { readonly of: 'count'; readonly name: string; readonly service: AnyFunctionName }
  /** A level that a function measures. */
  | { readonly of: 'gauge'; readonly name: string; readonly service: AnyFunctionName }
  /** Steps that failed with this code. */
  | { readonly of: 'failures'; readonly code: ErrorCode };

export interface AlarmKind {
  readonly metric: AlarmMetric;
  /** At or above it. */
  readonly threshold: number;
  readonly periodMinutes: number;
  /** How many periods in a row. */
  readonly periods: number;
  /** What happened and what to do, in a line. */
  readonly text: string;
}

const at = (threshold: number, periodMinutes: number, periods = 1) => ({ threshold, periodMinutes, periods });
const deadLetters = (text: string): AlarmKind => ({ metric: { of: 'queue' }, ...at(1, 1), text });
const once = (metric: AlarmMetric, text: string): AlarmKind => ({ metric, ...at(1, 5), text });
/** Measured every hour; a level that was not measured for two is not known to last. */
const level = (name: string, threshold: number, text: string): AlarmKind => ({
  metric: { of: 'gauge', name, service: 'notify-team' },
  ...at(threshold, 120),
  text,
});

export const ALARMS = {
  'role-events-not-forwarded': deadLetters(
    'Role events could not be forwarded to the factory. Its next sweep finds what they were about: repair the cause, then purge the queue.',
  ),
  'role-events-not-queued': deadLetters(
    'Role events could not be put on their queue. None is lost: repair the cause, then replay the archive.',
  ),
  'role-events-not-dispatched': deadLetters(
    'Role events could not be handled. None is lost: repair the cause, then redrive.',
  ),
  'notices-not-queued': deadLetters(
    'Failed runs or hourly measurements did not reach the function that tells people: repair the cause, look for failed runs, then purge the queue.',
  ),
  'notices-not-sent': deadLetters(
    'People could not be told of failed runs. None is lost: repair the cause, then redrive.',
  ),
  'dispatcher-errors': {
    metric: { of: 'function-errors' },
    ...at(1, 5, 3),
    text: 'The dispatcher fails as a whole for a quarter of an hour: no role is served.',
  },
  'runs-failed': once(
    { of: 'count', name: 'PlatformRunFailed', service: 'notify-team' },
    'Runs failed for a reason that the platform team must mend; a message names each.',
  ),
  throttled: {
    metric: { of: 'failures', code: 'Throttled' },
    ...at(20, 15, 2),
    text: 'A service has throttled steps for half an hour. They are retried; roles come late.',
  },
  'audiences-near-limit': {
    metric: { of: 'gauge', name: 'AudiencesOnProvider', service: 'inspect-role' },
    ...at(90, 60),
    text: 'A provider holds 90 of 100 audiences or more. At 100, no further role of the account can be served.',
  },
  'directory-full': level(
    'DirectoryFull',
    1,
    'The directory quota of the factory is used up: no application can be made until there is room.',
  ),
  'member-role-not-assumable': once(
    { of: 'failures', code: 'MemberRoleNotAssumable' },
    'A member role cannot be assumed: its account is not served.',
  ),
  'unreachable-accounts': level(
    'UnreachableAccounts',
    1,
    'Accounts cannot be asked about their roles: nothing there is made or removed.',
  ),
  'paused-too-long': level(
    'PausedHours',
    24,
    'The factory has been paused for a day. Runs wait 14 days at most.',
  ),
  'cap-reached': once(
    { of: 'failures', code: 'CapReached' },
    'An account asks for more than its cap. The rest waits; find out whether it is meant.',
  ),
  'application-tampered': once(
    { of: 'failures', code: 'ApplicationTampered' },
    'Somebody changed an application before its role trusted it. The role stays closed.',
  ),
  'sweep-not-started': deadLetters(
    'The clock could not start a sweep: what events missed is not found. Repair the cause, start one by hand, then purge the queue.',
  ),
  'sweep-removals-held': once(
    { of: 'count', name: 'SweepRemovalsHeld', service: 'finish-sweep' },
    'A sweep found more to remove than one may, and removed nothing. Find out whether it is meant.',
  ),
  'sweep-accounts-failed': once(
    { of: 'gauge', name: 'SweepFailedAccounts', service: 'finish-sweep' },
    'A sweep could not look at every account; its report names those.',
  ),
  'heartbeat-missing': once(
    { of: 'gauge', name: 'HeartbeatMissing', service: 'finish-sweep' },
    'No event has come from an account for two sweeps: trail, rule, forwarder or bus do not work for it.',
  ),
  'provider-contested': once(
    { of: 'count', name: 'ProviderContested', service: 'enrol-account' },
    'Somebody undid the work on an OIDC provider three times; the factory stands back from it.',
  ),
  'applications-changed': once(
    { of: 'count', name: 'ApplicationsChanged', service: 'sweep-account' },
    'Since the last sweep applications got credentials or owners that the factory did not give them, or were opened to other directories.',
  ),
  'provider-missing': once(
    { of: 'count', name: 'ProviderMissing', service: 'enrol-account' },
    'An account has no OIDC provider of the tenant, and the config says that others make it.',
  ),
  'guard-events-not-forwarded': deadLetters(
    'IAM events could not be forwarded to the guard. Its next sweep of the account finds what they were about: repair the cause, then purge the queue.',
  ),
  'guard-events-not-queued': deadLetters(
    "Events could not be put on the guard's queue. Its next sweep finds what they were about: repair the cause, then purge the queue.",
  ),
  'roles-not-guarded': deadLetters(
    'Roles could not be judged by the guard. None is lost: repair the cause, then redrive.',
  ),
  'quarantine-contested': once(
    { of: 'count', name: 'QuarantineContested', service: 'guard-role' },
    'Somebody took the quarantine off a role twice; the guard stands back.',
  ),
  'role-not-judged': once(
    { of: 'count', name: 'RoleNotJudged', service: 'guard-role' },
    'The trust policy of a role is beyond what the guard can judge, so nothing is known of it.',
  ),
} as const satisfies Record<string, AlarmKind>;

export type AlarmId = keyof typeof ALARMS;

/** Where the runbook is unless the config says otherwise: the path in the repository. */
export const RUNBOOK = 'docs/runbook.md';

/** What the alarm says, and where it says what to do. CloudWatch takes 1,024 characters. */
export const alarmText = (id: AlarmId, runbook: string): string => `${ALARMS[id].text} ${runbook}#${id}`;
