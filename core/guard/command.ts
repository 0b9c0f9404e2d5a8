/** What an operator asks of the guard's function, and what it answers. */
import { FactoryError } from '../errors.ts';
import { type RoleArn, roleArn } from '../ids.ts';
import type { RuleId } from '../lint/rules.ts';
import type { ContainmentPhase } from './role-file.ts';

export interface GuardCommand {
  readonly command: 'quarantine' | 'release';
  readonly roleArn: RoleArn;
  /** ARN of the operator, as they say it; CloudTrail says who invoked the function. */
  readonly by: string;
  readonly note?: string;
  /** ISO 8601 in UTC; of quarantine only. */
  readonly expiresAt?: string;
}

export type Refusal = 'role-gone' | 'protected' | 'not-quarantined' | 'quarantined-by-others' | 'no-room';

export type GuardAnswer =
  | {
      readonly outcome: 'quarantined' | 'already-quarantined' | 'released';
      readonly roleArn: RoleArn;
      readonly roleId: string;
      readonly phase: ContainmentPhase;
      /** Critical findings that stand; after a release none of them brings the quarantine back. */
      readonly critical: readonly RuleId[];
    }
  | { readonly outcome: 'refused'; readonly roleArn: RoleArn; readonly reason: Refusal };

/** @throws FactoryError InvalidInput naming the field. */
export function readGuardCommand(input: unknown): GuardCommand {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  const { command, by, note, expiresAt } = given;
  if (command !== 'quarantine' && command !== 'release') return refuse('command', 'quarantine or release');
  if (typeof by !== 'string' || !/^arn:[\u0021-\u007e]{1,2044}$/.test(by)) return refuse('by', 'an ARN');
  if (note !== undefined && (typeof note !== 'string' || !/^[^\p{C}]{1,500}$/u.test(note))) {
    return refuse('note', 'at most 500 printable characters');
  }
  if (expiresAt !== undefined) {
    if (command !== 'quarantine') return refuse('expiresAt', 'it with quarantine only');
    if (typeof expiresAt !== 'string' || !/^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/.test(expiresAt)) {
      return refuse('expiresAt', 'a time in UTC (ISO 8601)');
    }
    if (Number.isNaN(Date.parse(expiresAt))) return refuse('expiresAt', 'a time that exists');
  }
  return {
    command,
    roleArn: roleArn(given.roleArn),
    by,
    ...(note !== undefined && { note }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

const refuse = (field: string, expected: string): never => {
  throw new FactoryError('InvalidInput', `${field}: expected ${expected}`);
};
