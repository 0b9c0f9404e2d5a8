/** One check, and how it ends where it could not see what it needs. */
import { type FaultCode, unknown, type Verdict } from '../../core/doctor/verdict.ts';
import { FactoryError } from '../../core/errors.ts';
import { CommandFailure } from '../failure.ts';

export interface Check {
  /** Stable, for programs; what stands before the dot is its group. */
  readonly id: `${Group}.${string}`;
  readonly title: string;
  /** Where a person looks: an ARN, or a place in a console. */
  readonly where: string;
  /** Asks and judges. A CommandFailure or FactoryError makes the check UNKNOWN. */
  judge(): Promise<Verdict>;
}

export const GROUPS = {
  forwarding: 'Forwarding in the member account',
  'member-role': 'Member roles',
  provider: 'OIDC provider',
  enrolment: 'Enrolment of the member account',
  bus: "Factory's bus",
  dispatcher: 'Dispatcher',
  workflow: 'Workflows',
  factory: 'Factory account',
  entra: 'Entra tenant',
  role: 'Role',
} as const;
export type Group = keyof typeof GROUPS;

export interface Finding {
  readonly id: string;
  readonly title: string;
  readonly status: Verdict['status'];
  readonly detail: string;
  readonly where: string;
  /** Of a FAIL. */
  readonly code?: FaultCode;
  /** What to do; none where it is OK. */
  readonly remedy?: string;
}

export async function perform({ id, title, where, judge }: Check): Promise<Finding> {
  const { status, detail, ...more } = await judge().catch(unseen);
  return { id, title, status, detail, where, ...more };
}

/** A fault of this program is none of the answer, and goes on. */
function unseen(error: unknown): Verdict {
  if (error instanceof CommandFailure && error.outcome !== 'unexpected') {
    return unknown(error.message, error.remedy ?? 'Try again.');
  }
  if (!(error instanceof FactoryError)) throw error;
  return error.code === 'DirectoryForbidden'
    ? unknown(`Graph denies ${error.message}`, 'Give the caller Application.Read.All, or Directory Readers.')
    : unknown(`${error.code}: ${error.message}`, error.remedy);
}

/** Asks each question once, however many checks need the answer. */
export function remembering<Reads extends object>(reads: Reads): Reads {
  const answers = new Map<string, unknown>();
  return new Proxy(reads, {
    get: (target, name) => {
      const ask = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const question = JSON.stringify([name, ...args]);
        if (!answers.has(question)) answers.set(question, ask(...args));
        return answers.get(question);
      };
    },
  });
}

/** Reads that all fail: of an account or tenant to which there is no access. */
export const refusing = <Reads extends object>(failure: CommandFailure): Reads =>
  new Proxy({} as Reads, { get: () => () => Promise.reject(failure) });
