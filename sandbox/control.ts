/** `/_sandbox/*`: what tests and demos ask of the sandbox itself. Needs the token of the ready line. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { ACCOUNT_STATES, type Move } from './aws/organizations.ts';
import { FieldError } from './fields.ts';
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

const MoveSchema = z
  .strictObject({
    accountId: name,
    state: z.enum(ACCOUNT_STATES).optional(),
    parentId: name.nullable().optional(),
  })
  .refine((move) => move.state !== undefined || move.parentId !== undefined, {
    error: 'expected state or parentId, or both',
  });

const MAX_BODY = 64 * 1024;

interface ControlOptions {
  readonly recorder: SandboxRecorder;
  readonly token: string;
  /** See CiIssuers. */
  readonly issueToken: (request: unknown) => Promise<string>;
  /** See OrganizationsService. */
  readonly moveAccount: (move: Move) => void;
}

type Answer = readonly [status: number, body?: unknown];

/**
 * `GET` and `DELETE /_sandbox/calls`: the calls served so far. `GET`, `POST` and `DELETE /_sandbox/faults`: what is
 * broken on purpose. `POST /_sandbox/tokens`: a token of a CI system. `POST /_sandbox/organization`: what the management
 * account does to a member: `{accountId, state?, parentId?}`, where a parentId of null lets it leave. Answers JSON; a
 * wrong or missing token is 401.
 */
export function createControl({ recorder, token, issueToken, moveAccount }: ControlOptions): Control {
  const routes: Readonly<Record<string, (body: string) => Answer | Promise<Answer>>> = {
    'GET /_sandbox/calls': () => [200, { calls: recorder.calls() }],
    'DELETE /_sandbox/calls': () => {
      recorder.clearCalls();
      return [204];
    },
    'GET /_sandbox/faults': () => [200, { faults: recorder.faults() }],
    'POST /_sandbox/faults': (body) => {
      const fault = parsed(FaultSchema, 'fault', body);
      if (Array.isArray(fault)) return [400, { errors: fault }];
      recorder.inject(fault as unknown as Fault);
      return [201, fault];
    },
    'DELETE /_sandbox/faults': () => {
      recorder.clearFaults();
      return [204];
    },
    'POST /_sandbox/tokens': async (body) => {
      const request = parseJson(body);
      if (request === undefined) return [400, { errors: [NOT_JSON] }];
      return orRefusal(async () => [201, { token: await issueToken(request) }]);
    },
    'POST /_sandbox/organization': (body) => {
      const move = parsed(MoveSchema, 'move', body);
      if (Array.isArray(move)) return [400, { errors: move }];
      return orRefusal(async () => {
        moveAccount(move);
        return [200, move];
      });
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
    send(...(await route(body)));
  };
}

const NOT_JSON = 'not JSON';

/** Undefined: it is not JSON. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** What the body holds, its members that have a value; or everything that is wrong with it. */
function parsed<T extends object>(schema: z.ZodType<T>, what: string, body: string): T | string[] {
  const input = parseJson(body);
  if (input === undefined) return [NOT_JSON];
  const result = schema.safeParse(input);
  if (!result.success)
    return result.error.issues.map(({ path, message }) => `${path.join('.') || what}: ${message}`);
  const members = Object.entries(result.data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as T;
}

/** What was asked for is refused by a field of it. */
async function orRefusal(act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return [400, { errors: [error.message] }];
  }
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
