import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { FactoryError, isFactoryError } from '../../core/errors.ts';
import { type GuardAnswer, type GuardCommand, readGuardCommand } from '../../core/guard/command.ts';
import { type GuardRequest, type ParsedMessage, parseGuardMessage } from '../../core/guard/request.ts';
import type { AccountId } from '../../core/ids.ts';
import { careful, openingCareful, unlessPaused } from '../switch.ts';
import { checkRole } from './check-role.ts';
import { obey } from './command.ts';
import type { GuardPorts } from './ports.ts';
import type { GuardHandlerSettings } from './settings.ts';
import { checkPolicy, lookAfter, sweep, tick } from './sweep.ts';

/**
 * The guard: messages of its queue, or one command of an operator. Messages that ask for the same are done once; those
 * that fail are reported, so that the queue delivers them again and at last moves them to its dead-letter queue. While
 * the factory is paused the guard writes nothing on roles and tells nothing: messages are put off, commands fail.
 */
export const guardRole = (outside: GuardPorts, settings: GuardHandlerSettings) => {
  const known = new Set<AccountId>();
  const mayWrite = unlessPaused(outside, settings);
  const ports: GuardPorts = {
    ...outside,
    accounts: openingCareful(outside.accounts, mayWrite),
    findings: careful(outside.findings, mayWrite),
  };
  return async (input: SQSEvent | GuardCommand): Promise<SQSBatchResponse | GuardAnswer> => {
    if (!('Records' in input)) {
      await mayWrite();
      return obey(ports, settings, readGuardCommand(input));
    }
    const failed = await Promise.all(
      [...grouped(ports, input)].map(async ([key, { messages, work }]) => {
        try {
          await perform(ports, settings, work, known, mayWrite);
          return [];
        } catch (error) {
          if (isFactoryError(error, 'Paused')) return putOff(ports, { messages, work });
          ports.telemetry.problem('Guard request failed', error, { request: key });
          return messages;
        }
      }),
    );
    const batchItemFailures = failed.flat().map((itemIdentifier) => ({ itemIdentifier }));
    return { batchItemFailures };
  };
};

interface Group {
  readonly messages: string[];
  readonly work: ParsedMessage;
}

/** Longer than a message is kept, and oftener than it is delivered, a pause may last: it becomes a new message. */
const PUT_OFF_SECONDS = 600;

async function putOff({ queue, telemetry }: GuardPorts, { messages, work }: Group): Promise<string[]> {
  // The clock asks again by itself.
  if (work.kind !== 'request' || work.request.kind === 'tick') return [];
  try {
    await queue.send([work.request], PUT_OFF_SECONDS);
    return [];
  } catch (error) {
    telemetry.problem('Guard request could not be put off', error);
    return [...messages];
  }
}

/** By what they ask for; of events about the same role the latest counts. */
function grouped({ telemetry }: GuardPorts, { Records }: SQSEvent): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const { messageId, body } of Records) {
    const work = parsed(body);
    if (work.kind === 'ignored') {
      telemetry.event('Event ignored', { messageId, detail: work.detail });
      continue;
    }
    const key = work.kind === 'request' ? keyOf(work.request) : messageId;
    const group = groups.get(key);
    groups.set(key, {
      messages: [...(group?.messages ?? []), messageId],
      work: group ? later(group.work, work) : work,
    });
  }
  return groups;
}

/** Without what differs between events that ask for the same. */
const keyOf = (request: GuardRequest): string =>
  request.kind === 'check-role'
    ? `check-role ${request.accountId} ${request.roleName.toLowerCase()}`
    : JSON.stringify(request);

/** One without a time asks for a look in any case. */
function later(a: ParsedMessage, b: ParsedMessage): ParsedMessage {
  if (a.kind !== 'request' || a.request.kind !== 'check-role') return b;
  if (b.kind !== 'request' || b.request.kind !== 'check-role') return b;
  const createdBy = a.request.createdBy ?? b.request.createdBy;
  const { eventTime: first } = a.request;
  const { eventTime: second } = b.request;
  const { eventTime: _, ...request } = b.request;
  const eventTime = first && second && (first > second ? first : second);
  return {
    ...b,
    request: { ...request, ...(eventTime && { eventTime }), ...(createdBy !== undefined && { createdBy }) },
  };
}

async function perform(
  ports: GuardPorts,
  settings: GuardHandlerSettings,
  work: ParsedMessage,
  known: Set<AccountId>,
  mayBegin: () => Promise<unknown>,
): Promise<void> {
  if (work.kind === 'malformed') {
    ports.telemetry.count('MalformedEvent');
    throw new FactoryError('MalformedEvent', `Missing or invalid: ${work.missing.join(', ')}`);
  }
  if (work.kind !== 'request') return;
  const { request, accountId } = work;
  // Whatever an account sends makes it known: then it is swept.
  if (accountId !== null && !known.has(accountId)) {
    await ports.record.enrol(accountId);
    known.add(accountId);
  }
  await mayBegin();
  switch (request.kind) {
    case 'check-role':
      return checkRole(ports, settings, request);
    case 'check-policy':
      return checkPolicy(ports, request);
    case 'sweep':
      return sweep(ports, request);
    case 'look-after':
      return lookAfter(ports, settings, request.accountId);
    case 'tick':
      return tick(ports);
  }
}

function parsed(body: string): ParsedMessage {
  try {
    return parseGuardMessage(JSON.parse(body));
  } catch {
    return { kind: 'malformed', missing: ['JSON'] };
  }
}
