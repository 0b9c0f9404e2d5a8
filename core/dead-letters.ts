/** What lies in a dead-letter queue, as far as a sample tells. */
import { parseRoleEvent } from './role-event.ts';

export interface DeadLetter {
  readonly body: string;
  /** Why EventBridge did not deliver it; a queue's own dead letters do not say. */
  readonly errorCode?: string;
}

export interface LetterGroup {
  /** `create-role`, `delete-role`, …; `other` for what is no event of a role. */
  readonly kind: string;
  readonly accountId: string;
  readonly roleName: string;
  readonly errorCode: string;
  readonly count: number;
}

/** By kind, account, role and code; the most frequent first. Nothing else of a message is shown. */
export function groupLetters(letters: readonly DeadLetter[]): LetterGroup[] {
  const groups = Map.groupBy(letters.map(described), (one) => JSON.stringify(one));
  return [...groups]
    .map(([key, { length: count }]) => ({ ...(JSON.parse(key) as Omit<LetterGroup, 'count'>), count }))
    .sort((left, right) => right.count - left.count);
}

function described({ body, errorCode = '-' }: DeadLetter): Omit<LetterGroup, 'count'> {
  const event = roleEventIn(body);
  return {
    kind: event?.kind ?? 'other',
    accountId: text(event, 'accountId'),
    roleName: text(event, 'roleName'),
    errorCode,
  };
}

function roleEventIn(body: string): ReturnType<typeof parseRoleEvent> | undefined {
  try {
    return parseRoleEvent(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function text(event: object | undefined, name: string): string {
  const value = (event as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value : '-';
}
