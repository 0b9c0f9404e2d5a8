/** What the queue of the function brings. */
import { FactoryError } from '../../core/errors.ts';
import { accountId, roleName } from '../../core/ids.ts';
import type { FailedRun } from '../../core/notices.ts';

export type Message =
  | { readonly kind: 'failed-run'; readonly run: FailedRun }
  | { readonly kind: 'watch' }
  | { readonly kind: 'digest' };

/** Fails with MalformedEvent or InvalidInput. */
export function messageOf(body: string): Message {
  const event = object(parsed(body));
  const { task } = event;
  if (task === 'watch' || task === 'digest') return { kind: task };
  const detail = object(event.detail);
  const execution = text(detail.executionArn);
  const workflow = text(detail.stateMachineArn)?.split(':').at(-1);
  const status = text(detail.status);
  if (execution === undefined || workflow === undefined || status === undefined) {
    throw new FactoryError('MalformedEvent', 'Neither a task nor the end of a run');
  }
  const input = object(parsed(text(detail.input) ?? '{}'));
  return {
    kind: 'failed-run',
    run: {
      execution,
      workflow,
      status,
      error: text(detail.error),
      accountId: given(input.accountId, accountId),
      roleName: given(input.roleName, roleName),
      roleId: text(input.roleId),
      createdBy: text(input.createdBy),
    },
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new FactoryError('MalformedEvent', 'Not JSON');
  }
}

const object = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const given = <T>(value: unknown, id: (text: string) => T): T | undefined => {
  const there = text(value);
  return there === undefined ? undefined : id(there);
};

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
