/** One call of a handler to a port, in the order of the run. */
export interface Call {
  /** `inspect.getRole`, `directory.createApplication`, … */
  readonly name: string;
  /** The function that calls. */
  readonly by: string;
  readonly index: number;
}

/** Sees every call before it is made and after it was; throws to fail it, the latter as a lost answer. */
export type Hook = (call: Call, when: 'before' | 'after') => void | Promise<void>;

type Method = (...args: never[]) => unknown;

/** A port whose calls pass through `around`. Sessions that a port opens are watched under their own name. */
export function intercept<Port extends object>(
  port: Port,
  prefix: string,
  around: (name: string, run: () => Promise<unknown>) => Promise<unknown>,
): Port {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function' || typeof key !== 'string') return member;
      return async (...args: never[]) => {
        const run = async () => (member as Method).apply(target, args);
        const result = await around(`${prefix}.${key}`, run);
        const isSession = prefix === 'accounts' && typeof result === 'object' && result !== null;
        return isSession ? intercept(result, key, around) : result;
      };
    },
  });
}
