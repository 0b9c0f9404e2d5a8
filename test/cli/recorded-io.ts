/** A command line as a test runs it: everything printed is kept. */
import type { Io } from '../../cli/io.ts';
import { main } from '../../cli/main.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: its shape is the command's business
  json(): any;
}

interface Surroundings {
  readonly env?: Io['env'];
  readonly input?: string;
  /** What is answered to every question; nobody is there by default. */
  readonly agrees?: boolean;
  /** Of a terminal; without it, standard output is a pipe. */
  readonly width?: number;
}

/** Runs `oidc-factory <args>`, without colours. */
export async function run(args: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  const io = recordedIo(surroundings);
  await main(args, io);
  return io.ran();
}

export function recordedIo({ env = {}, input = '', width, agrees }: Surroundings = {}): Io & { ran(): Ran } {
  const [out, told]: [string[], string[]] = [[], []];
  return {
    env,
    width,
    outputIsTerminal: width !== undefined,
    out: (line) => void out.push(line),
    tell: (line) => void told.push(line),
    input: () => input,
    confirm: async () => agrees,
    paint: (_, text) => text,
    exitCode: 0,
    ran() {
      const stdout = out.join('\n');
      const { exitCode } = this;
      return { exitCode, stdout, stderr: told.join('\n'), json: () => JSON.parse(stdout) };
    },
  };
}
