/** An explained event for people: what would happen first, then every step. */
import type { ExplainedEvent } from '../../core/explain/event.ts';
import type { ExplainedStep } from '../../core/explain/run.ts';
import type { Io, Style } from '../io.ts';

const STYLES: Readonly<Record<ExplainedEvent['decision'], Style>> = {
  create: 'green',
  delete: 'yellow',
  enrol: 'green',
  heartbeat: 'dim',
  ignore: 'dim',
  malformed: 'red',
};
/** As wide as the longest. */
const DECISION = 'malformed'.length + 2;
const STEP = 'register-application'.length + 2;
const DETAIL = ' '.repeat(2 + STEP);

/** The decisive line. */
export function printHeadline(event: ExplainedEvent, io: Io): void {
  const { decision, accountId, roleName } = event;
  const name = io.paint(STYLES[decision], decision.toUpperCase().padEnd(DECISION));
  const role = roleName === null ? 'a record' : io.paint('bold', roleName);
  io.out(`${name}${role}${accountId === null ? '' : ` in ${accountId}`}: ${outcomeOf(event)}`);
}

export function printSteps({ steps, eventId, eventTime }: ExplainedEvent, io: Io): void {
  const event = [eventTime, eventId && `event ${eventId}`].filter(Boolean).join(', ');
  if (event !== '') io.out(' '.repeat(DECISION) + io.paint('dim', event));
  for (const step of steps) printStep(step, io);
}

function outcomeOf({ decision, reason, detail, forwarded, steps }: ExplainedEvent): string {
  const [rule] = steps;
  if (decision === 'ignore' || decision === 'malformed') return `${reason} (${detail})`;
  if (!forwarded) return `never arrives: ${rule?.detail}`;
  if (decision === 'delete') return `application and audience are removed, ${detail}`;
  if (decision === 'enrol') return `the account is enrolled: ${detail}`;
  if (decision === 'heartbeat') return detail;
  const inspection = steps.find(({ step }) => step === 'inspect-role');
  switch (inspection?.outcome) {
    case 'proceed':
      return 'served';
    case 'skip':
      return `looked at and left alone: ${inspection.detail}`;
    case 'fail':
      return `fails: ${inspection.detail}`;
    default:
      return 'looked at: only the role itself tells whether it is served';
  }
}

function printStep(
  { step, outcome, detail, assumes = [], executions = [], calls = [] }: ExplainedStep,
  io: Io,
) {
  io.out(
    `  ${step.padEnd(STEP)}${io.paint('bold', outcome)}: ${detail}${assumes.length === 0 ? '' : ', if'}`,
  );
  for (const assumption of assumes) io.out(`${DETAIL}- ${assumption}`);
  for (const execution of executions) io.out(`${DETAIL}execution ${execution}`);
  const [first] = calls;
  if (first === undefined) return;
  // A step acts under one identity.
  io.out(io.paint('dim', `${DETAIL}as ${first.as}`));
  const width = Math.max(...calls.map(({ call }) => call.length)) + 2;
  for (const { call, on } of calls) io.out(io.paint('dim', `${DETAIL}  ${call.padEnd(width)}${on}`));
}
