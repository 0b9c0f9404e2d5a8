import type { RoleFunctionName } from '../core/naming.ts';
import type { Execution } from './engine.ts';
import type { CallSite, PortMethod } from './sites.ts';

/** One run of a function's process. */
export interface Invocation {
  readonly by: RoleFunctionName;
  /** Whose task it is; undefined for the dispatcher. */
  readonly execution: Execution | undefined;
  readonly startedAt: number;
  /** Its process is no more: what it calls never happens, and it hears no answer. */
  isOver: boolean;
  /** Ends it from outside. */
  readonly end: (error: Error) => void;
}

/** One call of a function to a port, or of a service to another, in the order of the run. */
export interface Call {
  readonly site: CallSite;
  /** `inspect.getRole`, `directory.createApplication`, … */
  readonly name: string;
  /** The function or workflow that calls. */
  readonly by: RoleFunctionName | 'create-role';
  readonly index: number;
  readonly args: readonly unknown[];
  readonly invocation: Invocation | undefined;
  readonly execution: Execution | undefined;
}

/** Sees every call before it is made and after it was; throws to fail it, the latter as a lost answer. */
export type Hook = (call: Call, when: 'before' | 'after') => void | Promise<void>;

/** Sees the world at the very moments before and after a call takes effect. */
export interface Watcher {
  before(call: Call): void;
  after(call: Call, result: Promise<unknown>): void;
}

/** Makes a call take effect, perhaps late, twice, or not at all. */
export type Perform = (
  call: Call,
  effect: () => Promise<unknown>,
  behind: <T>(lagMs: number, read: () => Promise<T>) => Promise<T>,
) => Promise<unknown>;

type Method = (...args: never[]) => unknown;
export type Around = (
  name: PortMethod,
  args: readonly unknown[],
  run: () => Promise<unknown>,
) => Promise<unknown>;

/** A port whose calls pass through `around`. Sessions that a port opens are watched under their own name. */
export function intercept<Port extends object>(port: Port, prefix: string, around: Around): Port {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function' || typeof key !== 'string') return member;
      return async (...args: never[]) => {
        const run = async () => (member as Method).apply(target, args);
        const result = await around(`${prefix}.${key}` as PortMethod, args, run);
        const isSession = prefix === 'accounts' && typeof result === 'object' && result !== null;
        return isSession ? intercept(result, key, around) : result;
      };
    },
  });
}

/** The answer that a process does not hear any more. */
export const never = (): Promise<never> => new Promise(() => {});

export const named = (name: string): Error => Object.assign(new Error(name), { name });
