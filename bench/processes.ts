/** The measured processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** What one environment took. */
export interface Measured {
  /** Loading the bundle. */
  readonly initMs: number;
  /** Each invocation; the first one comes with connections, clients and logins to make. */
  readonly invocationsMs: readonly number[];
  /** Processor time of loading and the first invocation, on all threads. */
  readonly coldCpuMs: number;
  /** The most memory that it held: until after the first invocation, and until after the last. */
  readonly firstPeakMB: number;
  readonly peakMB: number;
}

type Variables = Readonly<Record<string, string>>;
const SCRIPT = join(import.meta.dirname, 'measured.mjs');

/** Loads a bundle in a process of its own and invokes it with `input`, again and again. Fails where one fails. */
export async function measure(file: string, input: object, env: Variables, times: number): Promise<Measured> {
  const child = spawn(process.execPath, [SCRIPT, file, JSON.stringify(input), String(times)], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [answer, problem] = await Promise.all([
    text(child.stdio[3] as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
  ]);
  if (answer === '') throw new Error(`${file}: ${problem}`);
  return JSON.parse(answer) as Measured;
}

/** Milliseconds of a process that does nothing but load a file, from its start to its end. */
export async function processMs(file: string, env: Variables): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['-e', `require(${JSON.stringify(file)})`], { env, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${file} could not be loaded`);
  return performance.now() - begun;
}
