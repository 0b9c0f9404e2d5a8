/** What the programs are told on the command line. */
import { parseArgs } from 'node:util';

/** Arguments that are not understood; the message names the first of them. */
export class UsageError extends Error {
  constructor(message: string) {
    // parseArgs quotes what it does not know, however long it is.
    super(message.slice(0, 300));
    this.name = 'UsageError';
  }
}

interface Options {
  readonly [name: string]: { readonly type: 'boolean' | 'string' };
}

/** Longer than any option with its value. parseArgs takes quadratic time to split one group of short options. */
const MAX_LENGTH = 256;

/** Reads options, each at most once. */
function read(args: readonly string[], options: Options): ReadonlyMap<string, string | true> {
  const long = args.find((arg) => arg.length > MAX_LENGTH);
  if (long !== undefined) {
    throw new UsageError(
      `${long.slice(0, 32)}…: expected at most ${MAX_LENGTH} characters, not ${long.length}`,
    );
  }
  const { tokens } = refusing(() => parseArgs({ args: [...args], options, tokens: true }));
  const values = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (values.has(token.name)) throw new UsageError(`--${token.name}: given twice`);
    values.set(token.name, token.value ?? true);
  }
  return values;
}

function refusing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

const WHOLE = /^\d{1,5}$/;
const DECIMAL = /^\d{1,5}(?:\.\d{1,6})?$/;

/** Throws UsageError. */
export function demoArguments(args: readonly string[]): { readonly json: boolean } {
  return { json: read(args, { json: { type: 'boolean' } }).has('json') };
}

export interface SandboxArguments {
  readonly json: boolean;
  readonly help: boolean;
  readonly port: number;
  readonly members: number;
  readonly timeScale: number;
}

/** Throws UsageError. */
export function sandboxArguments(args: readonly string[]): SandboxArguments {
  const values = read(args, {
    json: { type: 'boolean' },
    port: { type: 'string' },
    members: { type: 'string' },
    'time-scale': { type: 'string' },
    help: { type: 'boolean' },
  });
  const number = (name: string, form: RegExp, from: number, to: number, otherwise: number): number => {
    const text = values.get(name);
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (typeof text === 'string' && form.test(text) && value >= from && value <= to) return value;
    const kind = form === WHOLE ? 'whole number' : 'number';
    throw new UsageError(`--${name}: expected a ${kind} from ${from} to ${to}, got ${text}`);
  };
  return {
    json: values.has('json'),
    help: values.has('help'),
    port: number('port', WHOLE, 0, 65_535, 0),
    members: number('members', WHOLE, 1, 50, 1),
    // Below a hundredth, a function's scaled timeout is shorter than what it takes to run.
    timeScale: number('time-scale', DECIMAL, 0.01, 10, 0.1),
  };
}
