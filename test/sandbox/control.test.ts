import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createControl } from '../../sandbox/control.ts';
import { FieldError } from '../../sandbox/fields.ts';
import { createRecorder } from '../../sandbox/recorder.ts';
import { createTime } from '../../sandbox/time.ts';

const recorder = createRecorder({ time: createTime(1), random: () => 0 });
const issueToken = async (request: unknown) => {
  if (typeof request !== 'object') throw new FieldError('token', 'expected an object');
  return `token for ${JSON.stringify(request)}`;
};
const moveAccount = ({ parentId }: { parentId?: string | null | undefined }) => {
  if (parentId === 'nowhere') throw new FieldError('parentId', 'there is none');
};
const server = createServer(createControl({ recorder, token: 'correct horse', issueToken, moveAccount }));
let origin: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  recorder.clearCalls();
  recorder.clearFaults();
});

async function ask(method: string, path: string, body?: unknown, token = 'correct horse') {
  const answer = await fetch(origin + path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

describe('/_sandbox/calls', () => {
  it('lists the calls, and forgets them', async () => {
    await recorder.observe(
      { cloud: 'aws', service: 'iam', operation: 'GetRole', caller: 'c', input: {} },
      async () => 1,
    );
    expect((await ask('GET', '/_sandbox/calls')).body).toMatchObject({ calls: [{ operation: 'GetRole' }] });
    expect(await ask('DELETE', '/_sandbox/calls')).toEqual({ status: 204, body: undefined });
    expect((await ask('GET', '/_sandbox/calls')).body).toEqual({ calls: [] });
  });
});

describe('/_sandbox/faults', () => {
  it('takes a fault, shows it, and lifts it', async () => {
    const fault = { service: 'iam', operation: 'GetRole', kind: 'throttle', times: 2 };
    expect(await ask('POST', '/_sandbox/faults', fault)).toEqual({ status: 201, body: fault });
    expect((await ask('GET', '/_sandbox/faults')).body).toEqual({ faults: [fault] });
    expect(await ask('DELETE', '/_sandbox/faults')).toEqual({ status: 204, body: undefined });
    expect(recorder.faults()).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'not JSON'],
    ['no kind', { times: 1 }, 'kind'],
    ['an unknown kind', { kind: 'explode', times: 1 }, 'kind'],
    ['an unknown field', { kind: 'error', times: 1, region: 'x' }, 'region'],
    ['neither times nor probability', { kind: 'error' }, 'times or probability'],
    ['no time at all', { kind: 'error', times: 0 }, 'times'],
    ['a probability beyond one', { kind: 'error', probability: 1.5 }, 'probability'],
    ['a delay without its length', { kind: 'delay', times: 1 }, 'delayMs'],
    ['a length without a delay', { kind: 'error', times: 1, delayMs: 5 }, 'delayMs'],
    ['a stale write', { kind: 'stale-read', operation: 'TagRole', times: 1 }, 'operation'],
    ['an age of what is not stale', { kind: 'error', times: 1, maxAgeMs: 5 }, 'maxAgeMs'],
  ])('refuses %s', async (_, body, message) => {
    const answer = await ask('POST', '/_sandbox/faults', body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(message);
    expect(recorder.faults()).toEqual([]);
  });
});

describe('/_sandbox/tokens', () => {
  it('gives the token that is asked for', async () => {
    expect(await ask('POST', '/_sandbox/tokens', { issuer: 'https://gitlab.com' })).toEqual({
      status: 201,
      body: { token: 'token for {"issuer":"https://gitlab.com"}' },
    });
  });

  it.each([
    ['no JSON', '{', 'not JSON'],
    ['what the issuers refuse', 7, 'token: expected an object'],
  ])('refuses %s', async (_, body, message) => {
    const answer = await ask('POST', '/_sandbox/tokens', body);
    expect(answer).toEqual({ status: 400, body: { errors: [message] } });
  });
});

describe('/_sandbox/organization', () => {
  it.each([
    { accountId: '1', state: 'SUSPENDED' },
    { accountId: '1', parentId: 'r-a1b2' },
    { accountId: '1', parentId: null },
  ])('does %j', async (move) => {
    expect(await ask('POST', '/_sandbox/organization', move)).toEqual({ status: 200, body: move });
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'not JSON'],
    ['nothing to do', { accountId: '1' }, 'state or parentId'],
    ['an unknown state', { accountId: '1', state: 'GONE' }, 'state'],
    ['an unknown field', { accountId: '1', state: 'ACTIVE', name: 'x' }, 'name'],
    ['what the organization refuses', { accountId: '1', parentId: 'nowhere' }, 'parentId: there is none'],
  ])('refuses %s', async (_, body, message) => {
    const answer = await ask('POST', '/_sandbox/organization', body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(message);
  });
});

describe('anyone else', () => {
  it.each(['', 'wrong', 'correct horse battery'])('is refused with the token «%s»', async (token) => {
    expect((await ask('GET', '/_sandbox/calls', undefined, token)).status).toBe(401);
  });

  it('learns what there is on an unknown path, once it has the token', async () => {
    const answer = await ask('GET', '/_sandbox/nothing');
    expect(answer.status).toBe(404);
    expect(JSON.stringify(answer.body)).toContain('GET /_sandbox/calls');
  });
});
