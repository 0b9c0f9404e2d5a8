/** Starts the project's programs as a user would, each with folders of its own for what it may write. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ended {
  /** Null: ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Names in its home folder and in its folder for temporary files, after its end. */
  readonly left: readonly string[];
}

export interface Program {
  readonly process: ChildProcessWithoutNullStreams;
  /** The first line of standard output that begins with `{`; rejects where the program ends without one. */
  readonly jsonLine: Promise<string>;
  readonly ended: Promise<Ended>;
}

/** Runs in the repository's folder. */
export function startProgram(command: string, args: readonly string[]): Program {
  const temporary = mkdtempSync(join(tmpdir(), 'oidc-factory-program-'));
  const folder = (name: string): string => {
    mkdirSync(join(temporary, name));
    return join(temporary, name);
  };
  const [home, own, npm] = [folder('home'), folder('tmp'), folder('npm')];
  const child = spawn(command, [...args], {
    cwd: new URL('../..', import.meta.url),
    env: {
      PATH: process.env.PATH,
      HOME: home,
      TMPDIR: own,
      // npm's own files are not the program's.
      npm_config_cache: npm,
      NODE_DISABLE_COMPILE_CACHE: '1',
    },
  });
  let [stdout, stderr] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const jsonLine = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const line = /^\{.*(?=\n)/m.exec(stdout);
      if (line) resolve(line[0]);
    });
    child.once('close', (code) => reject(new Error(`ended with ${code} and without JSON: ${stderr}`)));
  });
  // Who does not wait for it is not to be disturbed by its absence.
  jsonLine.catch(() => {});
  const ended = once(child, 'close').then(([code]: (number | null)[]): Ended => {
    const left = [...readdirSync(home), ...readdirSync(own)];
    rmSync(temporary, { recursive: true, force: true });
    return { code: code ?? null, stdout, stderr, left };
  });
  return { process: child, jsonLine, ended };
}

/** One of the project's own scripts, to its end. */
export const runScript = (script: string, args: readonly string[]): Promise<Ended> =>
  startProgram(process.execPath, [script, ...args]).ended;

/** Process ids of everything that a process has started, and that has started. */
export function descendantsOf(pid: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const processes = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const children = (parent: number): number[] =>
    processes.filter(([, ppid]) => ppid === parent).flatMap(([id = 0]) => [id, ...children(id)]);
  return children(pid);
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
