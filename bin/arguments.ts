/** What the programs are told on the command line. */
import { parseArgs } from 'node:util';
import { SECTION_NAMES, type SectionName } from '../bench/sections.ts';

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

/** A whole number with at most 15 digits: exact. */
const SEED = /^\d{1,15}$/;

export interface ChaosArguments {
  readonly json: boolean;
  readonly help: boolean;
  readonly roles: number;
  readonly seed: number;
  readonly members: number;
  readonly timeScale: number;
}

/** Throws UsageError. With `help` the numbers mean nothing. */
export function chaosArguments(args: readonly string[]): ChaosArguments {
  const values = read(args, {
    roles: { type: 'string' },
    seed: { type: 'string' },
    members: { type: 'string' },
    'time-scale': { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  const [json, help] = [values.has('json'), values.has('help')];
  if (help) return { json, help, roles: 0, seed: 0, members: 0, timeScale: 0 };
  const roles = number(values, 'roles', WHOLE, 1, 2000);
  return {
    json,
    help,
    roles,
    seed: number(values, 'seed', SEED, 0, 999_999_999_999_999),
    // A provider holds 100 audiences.
    members: number(values, 'members', WHOLE, 1, 50, Math.max(2, Math.ceil(roles / 50))),
    timeScale: number(values, 'time-scale', DECIMAL, 0.02, 1, 0.1),
  };
}

export interface SimulateArguments {
  readonly json: boolean;
  readonly help: boolean;
  readonly exhaustive: boolean;
  readonly burst: boolean;
  readonly sweep: boolean;
  readonly runs: number;
  readonly seed: number;
}

/** Throws UsageError. */
export function simulateArguments(args: readonly string[]): SimulateArguments {
  const values = read(args, {
    runs: { type: 'string' },
    seed: { type: 'string' },
    exhaustive: { type: 'boolean' },
    burst: { type: 'boolean' },
    sweep: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  const [exhaustive, burst, sweep] = [values.has('exhaustive'), values.has('burst'), values.has('sweep')];
  return {
    json: values.has('json'),
    help: values.has('help'),
    exhaustive,
    burst,
    sweep,
    // Whoever asks for the rest alone need not wait for runs by chance.
    runs: number(values, 'runs', SEED, 0, 1_000_000_000, exhaustive || burst || sweep ? 0 : 1000),
    seed: number(values, 'seed', SEED, 0, 999_999_999, 1),
  };
}

export interface BenchArguments {
  readonly json: boolean;
  readonly help: boolean;
  readonly sections: ReadonlySet<SectionName>;
  readonly records: string | undefined;
}

/** Throws UsageError. */
export function benchArguments(args: readonly string[]): BenchArguments {
  const values = read(args, {
    only: { type: 'string' },
    records: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  const text = (name: string) => values.get(name) as string | undefined;
  const names = text('only')?.split(',') ?? SECTION_NAMES;
  const unknown = names.find((name) => !isSectionName(name));
  if (unknown !== undefined) {
    throw new UsageError(`--only: expected some of ${SECTION_NAMES.join(', ')}, got ${unknown}`);
  }
  return {
    json: values.has('json'),
    help: values.has('help'),
    sections: new Set(names.filter(isSectionName)),
    records: text('records'),
  };
}

const isSectionName = (name: string): name is SectionName => SECTION_NAMES.some((known) => known === name);

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
  return {
    json: values.has('json'),
    help: values.has('help'),
    port: number(values, 'port', WHOLE, 0, 65_535, 0),
    members: number(values, 'members', WHOLE, 1, 50, 1),
    // Below a hundredth, a function's scaled timeout is shorter than what it takes to run.
    timeScale: number(values, 'time-scale', DECIMAL, 0.01, 10, 0.1),
  };
}

/** The value of an option in this form and range; `otherwise` where it is not given, if it may be left out. */
function number(
  values: ReadonlyMap<string, string | true>,
  name: string,
  form: RegExp,
  from: number,
  to: number,
  otherwise?: number,
): number {
  const text = values.get(name);
  if (text === undefined && otherwise !== undefined) return otherwise;
  const value = Number(text);
  if (typeof text === 'string' && form.test(text) && value >= from && value <= to) return value;
  const kind = form === DECIMAL ? 'number' : 'whole number';
  throw new UsageError(`--${name}: expected a ${kind} from ${from} to ${to}, got ${text ?? 'nothing'}`);
}
