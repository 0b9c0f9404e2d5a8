import { describe, expect } from 'vitest';
import { decideDispatch } from '../../core/dispatch.ts';
import { parseRoleEvent, type RoleEvent } from '../../core/role-event.ts';
import { ENTRY, SETTINGS } from '../fixtures/domain.ts';
import { mutatedFrom } from './mutate.ts';
import { failing, never, outcome } from './outcome.ts';
import { fuzz } from './runs.ts';
import { eventSeed } from './seeds.ts';

const event = mutatedFrom(eventSeed);

/** What goes to a log and into an execution; an event has 256 KB, and its policy is none of either's business. */
const MAX_ANSWER = 4096;

const parsed = (input: unknown): RoleEvent => {
  const answer = outcome(() => parseRoleEvent(input), never);
  if ('error' in answer) throw answer.error;
  return answer.value;
};

describe('whatever is delivered as an event,', () => {
  fuzz('it is read, without an error, in answers of bounded length', event, (input) => {
    const { trustPolicy: _, ...rest } = { trustPolicy: null, ...parsed(input) };
    expect(JSON.stringify(rest).length).toBeLessThanOrEqual(MAX_ANSWER);
  });

  fuzz('reading leaves it as it was', event, (input) => {
    const before = JSON.stringify(input);
    parsed(input);
    expect(JSON.stringify(input)).toBe(before);
  });

  fuzz('it is decided about, or refused as malformed', event, (input) => {
    const role = parsed(input);
    const answer = outcome(() => decideDispatch(role, SETTINGS, [ENTRY]), failing('MalformedEvent'));
    expect('error' in answer).toBe(role.kind === 'malformed');
    if ('error' in answer) return;
    expect(JSON.stringify(answer.value).length).toBeLessThanOrEqual(MAX_ANSWER);
    const executions = 'executions' in answer.value ? answer.value.executions : [];
    for (const { executionName } of executions) expect(executionName).toMatch(/^[\w-]{1,72}$/);
  });

  fuzz('it means the same after a journey as JSON', event, (input) => {
    const { trustPolicy: _, ...rest } = { trustPolicy: null, ...parsed(input) };
    expect({ trustPolicy: null, ...parsed(JSON.parse(JSON.stringify(input))) }).toMatchObject(rest);
  });
});
