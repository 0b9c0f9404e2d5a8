import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { decideDispatch, retryName } from '../../core/dispatch.ts';
import { FactoryError } from '../../core/errors.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { parseRoleEvent, type RoleEvent } from '../../core/role-event.ts';
import type { AccountRecords } from '../enrol-account/ports.ts';
import type { Executions, Ledger, Ports, Workflow } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';

type DispatchPorts = Pick<Ports, 'ledger' | 'telemetry'> & {
  readonly executions: Pick<Executions, 'start' | 'isDoneOrRunning'>;
  readonly records: Pick<AccountRecords, 'heartbeatSeen'>;
};

/** How often one event may be run again after its executions failed. */
const MAX_RETRIES = 50;

/**
 * From the queue of role events to executions. Items that fail, malformed ones included, are reported one by one,
 * so that the queue delivers them again and at last moves them to its dead-letter queue.
 */
export const dispatchRoleEvent =
  (ports: DispatchPorts, settings: HandlerSettings) =>
  async (batch: SQSEvent): Promise<SQSBatchResponse> => {
    const failed = await Promise.all(
      batch.Records.map(async ({ messageId, body }) => {
        try {
          await dispatch(ports, settings, roleEventOf(body));
          return [];
        } catch (error) {
          ports.telemetry.problem('Role event not dispatched', error, { messageId });
          return [{ itemIdentifier: messageId }];
        }
      }),
    );
    return { batchItemFailures: failed.flat() };
  };

async function dispatch(ports: DispatchPorts, settings: HandlerSettings, event: RoleEvent): Promise<void> {
  const { ledger, executions, records, telemetry } = ports;
  if (event.kind === 'malformed') {
    telemetry.count('MalformedEvent');
    throw new FactoryError('MalformedEvent', `Missing or invalid: ${event.missing.join(', ')}`);
  }
  const decision = decideDispatch(event, settings, await known(ledger, event));
  if (decision.decision === 'ignore') {
    telemetry.event('Role event ignored', decision);
    telemetry.count('RoleEventIgnored');
    return;
  }
  if (decision.decision === 'heartbeat') return records.heartbeatSeen(decision.accountId, decision.eventTime);
  for (const { executionName, run } of decision.executions) {
    const started = await start(executions, WORKFLOWS[decision.decision], executionName, run);
    telemetry.event('Role event dispatched', {
      decision: decision.decision,
      reason: decision.reason,
      execution: started,
      ...run,
    });
  }
  telemetry.count('RoleEventDispatched');
}

const WORKFLOWS = { create: 'create-role', delete: 'delete-role', enrol: 'enrol-account' } as const;

/** What the ledger holds of what the event names. */
async function known(ledger: Ledger, event: RoleEvent): Promise<readonly LedgerEntry[]> {
  if (event.kind === 'delete-role') return ledger.incarnations(event.accountId, event.roleName);
  if (event.kind !== 'audience-removed' || event.audience === null) return [];
  return ledger.holdersOf(event.accountId, event.audience);
}

/**
 * Starts the execution, or a retry of it where it has failed before. One that runs or has succeeded under any of
 * these names is what was wanted. Returns the name.
 */
async function start(
  executions: DispatchPorts['executions'],
  workflow: Workflow,
  name: string,
  run: Parameters<Executions['start']>[2],
): Promise<string> {
  for (let retry = 0; retry <= MAX_RETRIES; retry++) {
    const candidate = retry === 0 ? name : retryName(name, retry);
    if ((await executions.start(workflow, candidate, run)) === 'started') return candidate;
    if (await executions.isDoneOrRunning(workflow, candidate)) return candidate;
  }
  throw new FactoryError('Unexpected', `${workflow} ${name} has failed more than ${MAX_RETRIES} times`);
}

function roleEventOf(body: string): RoleEvent {
  try {
    return parseRoleEvent(JSON.parse(body));
  } catch {
    // EventBridge writes JSON: something else writes to the queue, or something on the way is broken.
    return { kind: 'malformed', missing: ['JSON'] };
  }
}
