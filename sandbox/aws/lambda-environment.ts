/** One execution environment: a process of its own that handles one invocation at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { functionError, type Invocation, type RuntimeApi, type RuntimeClient } from './lambda-runtime-api.ts';

export interface InvocationResult {
  readonly payload: Uint8Array;
  readonly failed: boolean;
}

export interface EnvironmentOptions {
  readonly api: RuntimeApi;
  readonly functionArn: string;
  readonly codeFolder: string;
  /** The whole environment of the process; the Runtime API's address is added. */
  readonly variables: Readonly<Record<string, string>>;
  /** As the function has it; an invocation that takes longer is killed. */
  readonly timeoutSeconds: number;
  /** What a second of the product takes in reality. */
  readonly scale: number;
  readonly onLine: (line: string) => void;
}

interface Work {
  readonly requestId: string;
  readonly payload: Uint8Array;
  resolve(result: InvocationResult): void;
}

const BOOTSTRAP = fileURLToPath(new URL('lambda-bootstrap.mjs', import.meta.url));
/** Lambda's limit for loading the handler, in real time: loading does not get faster with the time scale. */
const INIT_MILLISECONDS = 10_000;

export class Environment implements RuntimeClient {
  readonly createdAt = performance.now();
  /** Settles when the process is gone. */
  readonly ended: Promise<void>;
  readonly #options: EnvironmentOptions;
  readonly #child: ChildProcess;
  readonly #id = randomUUID();
  #work: Work | undefined;
  #asking: ((invocation: Invocation) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #initError: Uint8Array | undefined;
  #alive = true;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    options.api.clients.set(this.#id, this);
    this.#child = spawn(process.execPath, [BOOTSTRAP], {
      cwd: options.codeFolder,
      env: { ...options.variables, AWS_LAMBDA_RUNTIME_API: `${options.api.address}/${this.#id}` },
      // The child ends when its standard input does, so that none outlives the sandbox.
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', options.onLine);
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#end(error.message, resolve));
      this.#child.once('close', (code, signal) =>
        this.#end(signal ? `signal: ${signal}` : `exit status ${code}`, resolve),
      );
    });
    this.#limit(INIT_MILLISECONDS, INIT_MILLISECONDS / 1000);
  }

  /** False: the process is gone, or about to be. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Runs one invocation; never rejects: what goes wrong is the function's error, as Lambda words it. */
  invoke(payload: Uint8Array, requestId: string): Promise<InvocationResult> {
    return new Promise((resolve) => {
      this.#work = { requestId, payload, resolve };
      this.#handOut();
    });
  }

  kill(): void {
    this.#alive = false;
    this.#child.kill('SIGKILL');
  }

  next(): Promise<Invocation> {
    clearTimeout(this.#timer);
    return new Promise((resolve) => {
      this.#asking = resolve;
      this.#handOut();
    });
  }

  respond(requestId: string, payload: Uint8Array): boolean {
    return this.#settle(requestId, { payload, failed: false });
  }

  fail(requestId: string, payload: Uint8Array, fatal: boolean): boolean {
    if (fatal) this.kill();
    return this.#settle(requestId, { payload, failed: true });
  }

  failInit(error: Uint8Array): void {
    this.#initError = error;
  }

  #handOut(): void {
    if (!this.#work || !this.#asking) return;
    const { requestId, payload } = this.#work;
    const { functionArn, timeoutSeconds, scale } = this.#options;
    const milliseconds = timeoutSeconds * 1000 * scale;
    this.#limit(milliseconds, timeoutSeconds);
    this.#asking({ requestId, payload, functionArn, deadline: Date.now() + milliseconds });
    this.#asking = undefined;
  }

  /** Kills the process after this real time; the error tells the time as the function has it. */
  #limit(milliseconds: number, seconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const message = `Task timed out after ${seconds.toFixed(2)} seconds`;
      if (this.#work) this.#fail('Sandbox.Timedout', `Error: ${message}`);
      else this.kill();
    }, milliseconds);
  }

  #settle(requestId: string, result: InvocationResult): boolean {
    if (this.#work?.requestId !== requestId) return false;
    clearTimeout(this.#timer);
    const { resolve } = this.#work;
    this.#work = undefined;
    resolve(result);
    return true;
  }

  #fail(errorType: string, message: string): void {
    const requestId = this.#work?.requestId ?? '';
    this.fail(requestId, functionError(errorType, `RequestId: ${requestId} ${message}`), true);
  }

  #end(how: string, resolve: () => void): void {
    this.#alive = false;
    clearTimeout(this.#timer);
    this.#options.api.clients.delete(this.#id);
    if (this.#work && this.#initError) this.fail(this.#work.requestId, this.#initError, true);
    else if (this.#work) this.#fail('Runtime.ExitError', `Error: Runtime exited with error: ${how}`);
    resolve();
  }
}
