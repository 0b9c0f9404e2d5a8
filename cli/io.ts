/** What commands see of the world around them: streams, environment, terminal. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { CommandFailure } from './failure.ts';

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Characters in a line of standard output; undefined where it is no terminal. */
  readonly width: number | undefined;
  readonly outputIsTerminal: boolean;
  /** A line of the answer, on standard output. */
  out(line: string): void;
  /** A line for people, on standard error: progress, warnings, failures. */
  tell(line: string): void;
  /** Standard input as text. Fails beyond {@link MAX_INPUT} characters, or where it is a terminal. */
  input(): string;
  /** Asks whoever sits at the terminal for yes or no; undefined where nobody does. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Emphasis on a terminal, the plain text elsewhere. */
  paint(style: Style, text: string): string;
  /** What the process ends with unless a failure says otherwise; 0 until set. */
  exitCode: number;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** CloudTrail's log files and account dumps are large; beyond this a JSON text does not fit into a string anyway. */
export const MAX_INPUT = 256 * 1024 * 1024;

/** The process's own streams. */
export function processIo(): Io {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads has enough, as `head` does.
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  return {
    env: process.env,
    width: process.stdout.isTTY ? process.stdout.columns : undefined,
    outputIsTerminal: process.stdout.isTTY === true,
    out: (line) => void process.stdout.write(`${process.stdout.isTTY ? harmless(line) : line}\n`),
    tell: (line) => void process.stderr.write(`${process.stderr.isTTY ? harmless(line) : line}\n`),
    input: () => {
      if (process.stdin.isTTY) {
        throw new CommandFailure(
          'usage',
          'InvalidInput',
          'Expected the input on standard input, got a terminal',
        );
      }
      return bounded(readFileSync(0, 'utf8'), 'standard input');
    },
    confirm: async (question) => {
      if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
      const terminal = createInterface({ input: process.stdin, output: process.stderr });
      const answer = await terminal.question(`${question} [y/N] `).finally(() => terminal.close());
      return /^y(es)?$/i.test(answer.trim());
    },
    // Honours NO_COLOR, FORCE_COLOR and TERM=dumb.
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
    exitCode: 0,
  };
}

/** Tags, names and policies are others' words: of what a terminal would obey, only the styles of `paint` stay. */
export const harmless = (text: string): string => text.replace(/(?![\n\t])\p{Cc}(?!\[\d+m)/gu, '\ufffd');

/** The text of a file, or of standard input where the name is `-`. */
export function textOf(io: Io, file: string): string {
  if (file === '-') return io.input();
  try {
    return bounded(readFileSync(file, 'utf8'), file);
  } catch (cause) {
    if (cause instanceof CommandFailure) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandFailure('usage', 'InvalidInput', `${file} cannot be read (${code})`, { cause });
  }
}

/** Its JSON value; `what` is how the failure calls what was expected. */
export function jsonOf(io: Io, file: string, what: string): unknown {
  const text = textOf(io, file);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    const from = file === '-' ? 'Standard input' : file;
    // The parser's message quotes the text, which may be a token.
    throw new CommandFailure('usage', 'InvalidInput', `${from} is not JSON: expected ${what}`, { cause });
  }
}

function bounded(text: string, from: string): string {
  if (text.length <= MAX_INPUT) return text;
  throw new CommandFailure('usage', 'InvalidInput', `${from}: expected at most ${MAX_INPUT} characters`);
}
