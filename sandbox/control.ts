/** `/_sandbox/*`: what tests and demos ask of the sandbox itself. Needs the token of the ready line. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { FAULT_KINDS, type Fault, isRead, type SandboxRecorder } from './recorder.ts';

export type Control = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const name = z.string().min(1).max(200);
const FaultSchema = z
  .strictObject({
    cloud: z.enum(['aws', 'entra']).optional(),
    service: name.optional(),
    operation: name.optional(),
    kind: z.enum(FAULT_KINDS),
    about: name.optional(),
    times: z.int().min(1).optional(),
    probability: z.number().gt(0).max(1).optional(),
    delayMs: z.int().min(1).max(600_000).optional(),
    maxAgeMs: z.int().min(1).max(3_600_000).optional(),
  })
  .refine((fault) => fault.times !== undefined || fault.probability !== undefined, {
    error: 'expected times or probability, or both',
  })
  .refine((fault) => (fault.kind === 'delay') === (fault.delayMs !== undefined), {
    path: ['delayMs'],
    error: 'goes with kind delay, and with it alone',
  })
  .refine((fault) => fault.kind === 'stale-read' || fault.maxAgeMs === undefined, {
    path: ['maxAgeMs'],
    error: 'goes with kind stale-read alone',
  })
  .refine(
    (fault) => fault.kind !== 'stale-read' || fault.operation === undefined || isRead(fault.operation),
    {
      path: ['operation'],
      error: 'a stale read needs an operation that reads',
    },
  );

const MAX_BODY = 64 * 1024;

/**
 * `GET` and `DELETE /_sandbox/calls`: the calls served so far. `GET`, `POST` and `DELETE /_sandbox/faults`: what is
 * broken on purpose. Answers JSON; a wrong or missing token is 401.
 */
export function createControl(options: { recorder: SandboxRecorder; token: string }): Control {
  const { recorder, token } = options;

  const routes: Readonly<Record<string, (body: string) => [status: number, body?: unknown]>> = {
    'GET /_sandbox/calls': () => [200, { calls: recorder.calls() }],
    'DELETE /_sandbox/calls': () => {
      recorder.clearCalls();
      return [204];
    },
    'GET /_sandbox/faults': () => [200, { faults: recorder.faults() }],
    'POST /_sandbox/faults': (body) => {
      const fault = parseFault(body);
      if (Array.isArray(fault)) return [400, { errors: fault }];
      recorder.inject(fault);
      return [201, fault];
    },
    'DELETE /_sandbox/faults': () => {
      recorder.clearFaults();
      return [204];
    },
  };

  return async (request, response) => {
    const send = (status: number, body?: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    if (!same(request.headers.authorization ?? '', `Bearer ${token}`)) {
      return send(401, { errors: ['expected Authorization: Bearer <controlToken>'] });
    }
    const [path] = (request.url ?? '').split('?');
    const route = routes[`${request.method} ${path}`];
    if (!route)
      return send(404, {
        errors: [`no ${request.method} ${path}; there is ${Object.keys(routes).join(', ')}`],
      });
    const body = await read(request);
    if (body === undefined) return send(413, { errors: ['the body is too long'] });
    send(...route(body));
  };
}

/** The fault, or everything that is wrong with it. */
function parseFault(body: string): Fault | string[] {
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    return ['not JSON'];
  }
  const result = FaultSchema.safeParse(input);
  if (!result.success)
    return result.error.issues.map(({ path, message }) => `${path.join('.') || 'fault'}: ${message}`);
  const members = Object.entries(result.data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as unknown as Fault;
}

/** In constant time: hashes have the same length whatever was sent. */
function same(sent: string, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(sent), hash(expected));
}

/** Undefined: too large. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
