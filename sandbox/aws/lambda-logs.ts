/** What a function prints goes to its log group, written with the rights of its own role, as on AWS. */
import { randomBytes } from 'node:crypto';
import type { Caller, SandboxTime } from '../cloud.ts';
import type { LambdaFunction } from './lambda-model.ts';
import type { LogEvent, LogsService } from './logs.ts';

/** The log stream of one environment. */
export interface FunctionLog {
  readonly stream: string;
  write(line: string): void;
}

interface FunctionLogOptions {
  readonly logs: LogsService;
  readonly time: SandboxTime;
  readonly fn: LambdaFunction;
  readonly role: Caller;
  /** Told where the role may not write, or a fault struck: lines are lost then, the function is not disturbed. */
  readonly onLoss: (error: unknown) => void;
}

export function openFunctionLog({ logs, time, fn, role, onLoss }: FunctionLogOptions): FunctionLog {
  const day = new Date(time.now()).toISOString().slice(0, 10).replaceAll('-', '/');
  const stream = `${day}/[$LATEST]${randomBytes(16).toString('hex')}`;
  const name = { logGroupName: fn.logGroup, logStreamName: stream };
  const create = logs.createLogStream(name, role, fn.region);
  create.catch(onLoss);
  let waiting: LogEvent[] = [];

  async function flush(): Promise<void> {
    const logEvents = waiting;
    waiting = [];
    await create;
    await logs.putLogEvents({ ...name, logEvents }, role, fn.region);
  }

  return {
    stream,
    write(message) {
      waiting.push({ timestamp: time.now(), message });
      // One call for all lines of a turn.
      if (waiting.length === 1) setImmediate(() => flush().catch(onLoss));
    },
  };
}
