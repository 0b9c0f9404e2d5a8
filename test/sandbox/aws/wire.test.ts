import { createHash, createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, GetRoleCommand, IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  clientSettings,
  errorOf,
  type Harness,
  startHarness,
  trustAccount,
} from './wire-harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterEach(() => {
  harness.recorder.clearFaults();
  expect(harness.defects).toEqual([]);
});
afterAll(() => harness.close());

const settings = (change: object = {}) =>
  clientSettings(harness.server.endpoint, { ...harness.admin.credentials, ...change });

describe('authentication', () => {
  const whoAmI = (client: STSClient) => client.send(new GetCallerIdentityCommand({}));

  it('takes a signed request and knows who signed it', async () => {
    const identity = await whoAmI(harness.stsClient());
    expect(identity).toMatchObject({ Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:user/admin` });
  });

  it('refuses a key that nobody has', async () => {
    const client = new STSClient(settings({ accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' }));
    expect((await errorOf(whoAmI(client))).name).toBe('InvalidClientTokenId');
  });

  it('refuses a signature made with another secret', async () => {
    const client = new STSClient(settings({ secretAccessKey: 'wrong' }));
    expect((await errorOf(whoAmI(client))).name).toBe('SignatureDoesNotMatch');
  });

  it('refuses a signature that is older than five minutes', async () => {
    const client = new STSClient({ ...settings(), systemClockOffset: -301_000 });
    expect((await errorOf(whoAmI(client))).name).toBe('SignatureDoesNotMatch');
  });

  it('refuses a user key with a session token', async () => {
    const client = new STSClient(settings({ sessionToken: 'made up' }));
    expect((await errorOf(whoAmI(client))).name).toBe('InvalidClientTokenId');
  });

  it('refuses a session without its token, and an expired one', async () => {
    const expired = harness.cloud.issueCredentials(harness.admin.caller, -1);
    const alive = harness.cloud.issueCredentials(harness.admin.caller, 900);
    expect((await errorOf(whoAmI(harness.stsClient(expired)))).name).toBe('ExpiredToken');
    expect((await whoAmI(harness.stsClient(alive))).Account).toBe(ACCOUNT);
    const { sessionToken: _, ...withoutToken } = alive;
    expect((await errorOf(whoAmI(harness.stsClient(withoutToken)))).name).toBe('InvalidClientTokenId');
  });

  it('speaks of it in JSON services with their own codes', async () => {
    const client = new DynamoDBClient(settings({ accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' }));
    expect((await errorOf(client.send(new ListTablesCommand({})))).name).toBe('UnrecognizedClientException');
  });

  it('refuses an unsigned request for anything but a token exchange', async () => {
    const response = await post('Action=GetCallerIdentity&Version=2011-06-15');
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('MissingAuthenticationToken');
  });

  it.each([
    ['a changed body', { body: 'Action=ListRoles&Version=2010-05-08&MaxItems=1' }],
    ['a changed header', { headers: { 'x-amz-date': '20200101T000000Z' } }],
    ['a changed query', { path: '/?added=1' }],
    ['a token header added', { headers: { 'x-amz-security-token': 'x' } }],
    ['a target header added', { headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' } }],
  ])(
    'refuses a signed request with %s',
    async (_, change: { body?: string; path?: string; headers?: object }) => {
      const body = 'Action=ListRoles&Version=2010-05-08';
      const signed = await sign(body);
      expect((await post(body, signed)).status).toBe(200);
      const changed = await post(change.body ?? body, { ...signed, ...change.headers }, change.path);
      expect(changed.status).toBe(403);
    },
  );

  async function sign(body: string): Promise<Record<string, string>> {
    const { accessKeyId, secretAccessKey } = harness.admin.credentials;
    const { hostname, port } = new URL(harness.server.endpoint);
    const signer = new SignatureV4({
      service: 'iam',
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey },
      sha256: Sha256,
    });
    const request = {
      method: 'POST',
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: '/',
      query: {},
      headers: { host: `${hostname}:${port}`, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    };
    const { headers } = await signer.sign(request);
    const { host: _, ...rest } = headers;
    return rest;
  }
});

/** The hash that the signer asks for, over node:crypto. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('not used');
  }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}

const post = (body: string, headers: Record<string, string> = {}, path = '/') =>
  fetch(harness.server.endpoint + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  });

describe('who may connect', () => {
  it('refuses a request that comes from a web page', async () => {
    expect((await post('', { origin: 'http://localhost' })).status).toBe(403);
    const control = `${harness.server.endpoint}/_sandbox/calls`;
    expect((await fetch(control, { headers: { origin: 'null' } })).status).toBe(403);
    expect(await (await fetch(control)).text()).toBe('control');
  });

  it('refuses a foreign host name, which a rebinding page would send', async () => {
    expect(await rawStatus('evil.example')).toContain(' 403 ');
    expect(await rawStatus('127.0.0.1')).toContain(' 200 ');
  });

  const rawStatus = (host: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(harness.server.endpoint).port), '127.0.0.1');
      socket.on('error', reject);
      socket.once('data', (data: Buffer) => {
        socket.destroy();
        resolve(data.toString().split('\r\n')[0] ?? '');
      });
      socket.write(`GET /_sandbox/calls HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    });
});

describe('requests', () => {
  it('carries text that XML and forms must escape', async () => {
    const client = harness.iamClient();
    const Description = 'a <b> & "c" + d%20\r\ne\t=f';
    const created = await client.send(
      new CreateRoleCommand({
        RoleName: 'escapes',
        AssumeRolePolicyDocument: trustAccount(ACCOUNT),
        Description,
        Tags: [{ Key: 'é/ü', Value: '' }],
      }),
    );
    expect(created.Role?.Description).toBe(Description);
    const { Role } = await client.send(new GetRoleCommand({ RoleName: 'escapes' }));
    expect(Role?.Description).toBe(Description);
    expect(Role?.Tags).toEqual([{ Key: 'é/ü', Value: '' }]);
  });

  it('names a required member that is missing', async () => {
    const error = await errorOf(harness.iamClient().send(new GetRoleCommand({ RoleName: undefined })));
    expect(error).toMatchObject({ name: 'ValidationError' });
    expect(error.message).toContain("Value null at 'roleName'");
  });

  it('refuses a parameter that the operation does not have', async () => {
    const client = harness.iamClient();
    client.middlewareStack.add(
      (next) => (args) => {
        Object.assign(args.request as object, {
          body: `${(args.request as { body: string }).body}&Surprise=1`,
        });
        return next(args);
      },
      { step: 'build', priority: 'high' },
    );
    expect((await errorOf(client.send(new ListRolesCommand({})))).message).toContain('Surprise');
  });

  it('refuses operations that the sandbox does not have', async () => {
    expect((await errorOf(harness.stsClient().send(new GetSessionTokenCommand({})))).name).toBe(
      'InvalidAction',
    );
    const sqs = new SQSClient(settings());
    const send = new SendMessageCommand({ QueueUrl: `${harness.server.endpoint}/1/q`, MessageBody: 'x' });
    expect((await errorOf(sqs.send(send))).name).toBe('UnknownOperationException');
  });

  it('records calls under the name of the caller', async () => {
    await harness.stsClient().send(new GetCallerIdentityCommand({}));
    expect(harness.recorder.calls().at(-1)).toMatchObject({
      cloud: 'aws',
      service: 'sts',
      operation: 'GetCallerIdentity',
      caller: `arn:aws:iam::${ACCOUNT}:user/admin`,
      outcome: 'ok',
    });
  });
});

describe('injected faults', () => {
  const list = () => harness.iamClient().send(new ListRolesCommand({}));

  it.each([
    ['throttle', 'Throttling'],
    ['error', 'InternalFailure'],
  ] as const)('answers %s as the service would', async (kind, name) => {
    harness.recorder.inject({ service: 'iam', kind, times: 1 });
    expect((await errorOf(list())).name).toBe(name);
    await list();
  });

  it('performs a call whose answer is lost', async () => {
    harness.recorder.inject({ operation: 'CreateRole', kind: 'lost-answer', times: 1 });
    const create = new CreateRoleCommand({
      RoleName: 'lost',
      AssumeRolePolicyDocument: trustAccount(ACCOUNT),
    });
    await expect(harness.iamClient().send(create)).rejects.toThrow(/socket|ECONNRESET/);
    const { Role } = await harness.iamClient().send(new GetRoleCommand({ RoleName: 'lost' }));
    expect(Role?.RoleName).toBe('lost');
  });
});

it('serves IAM to a client of any region', async () => {
  const client = new IAMClient({ ...settings(), region: 'eu-central-1' });
  await client.send(new ListRolesCommand({}));
  expect(harness.uses.at(-1)?.action).toBe('iam:ListRoles');
});
