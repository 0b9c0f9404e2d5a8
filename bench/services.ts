/**
 * The services that the functions call, on loopback, with answers that are always the same: what is measured is the
 * functions. They speak the real protocols over TLS, and count; what they do not know they refuse.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROLE_FUNCTION_NAMES, type RoleFunctionName } from '../core/naming.ts';
import { itemOf } from '../lambdas/adapters/ledger-items.ts';
import { createCertificates } from '../sandbox/entra/tls.ts';
import {
  AUDIENCE,
  applicationView,
  entryFor,
  GONE,
  PLACEHOLDER,
  PRINCIPAL_VIEW,
  PROVIDER_PATH,
  roleFor,
} from './scene.ts';

export interface Services {
  readonly origin: string;
  readonly caFile: string;
  /** Before each answer. */
  latencyMs: number;
  /** Of the access tokens that are issued from now on, in seconds. */
  tokenSeconds: number;
  /** Calls served, by operation, and TLS connections accepted, since the last reset. */
  readonly calls: Map<string, number>;
  connections: number;
  reset(): void;
  close(): void;
}

/** Starts them on a port of their own. */
export async function startServices(): Promise<Services> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-bench-'));
  const { key, cert, caFile } = await createCertificates([], folder);
  const calls = new Map<string, number>();
  const server = createServer({ key, cert }, (request, response) => {
    serve(services, request, response).catch((error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const services: Services = {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caFile,
    latencyMs: 0,
    tokenSeconds: 3599,
    calls,
    connections: 0,
    reset: () => {
      calls.clear();
      services.connections = 0;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    },
  };
  server.on('secureConnection', () => {
    services.connections++;
  });
  return services;
}

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body?: string;
}

interface Call {
  readonly caller: string;
  readonly fields: URLSearchParams;
  readonly services: Services;
}

async function serve(services: Services, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString('utf8');
  const operation = operationOf(request, body);
  services.calls.set(operation, (services.calls.get(operation) ?? 0) + 1);
  const answer = ANSWERS[operation];
  if (!answer) throw new Error(`${operation} is not served`);
  // The access key says who calls: see the environment of the functions, and AssumeRole below.
  const caller = /Credential=([\w-]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const fields = new URLSearchParams(body);
  const { status = 200, type = 'application/json', body: text = '' } = answer({ caller, fields, services });
  if (services.latencyMs > 0) await delay(services.latencyMs);
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** `PutItem`, `AssumeRole`, `POST /applications`, or `token`. */
function operationOf({ method, url = '', headers }: IncomingMessage, body: string): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.slice(target.indexOf('.') + 1);
  if (url.endsWith('/oauth2/v2.0/token')) return 'token';
  const path = /^\/v1\.0(\/[^?]*)/.exec(url)?.[1];
  if (path === undefined) return new URLSearchParams(body).get('Action') ?? `${method} ${url}`;
  return `${method} ${path.replace(/\/[0-9a-f-]{36}/g, '/{id}').replace(/\('?[^)]*\)/, '()')}`;
}

/** Access keys by which the services know the functions, and the sessions in member accounts. */
export const accessKeyOf = (name: RoleFunctionName): string => `ASIA-${name}`;
const functionOf = (accessKey: string): RoleFunctionName => {
  const found = ROLE_FUNCTION_NAMES.find((name) => accessKeyOf(name) === accessKey);
  if (!found) throw new Error(`Nobody has the access key ${accessKey}`);
  return found;
};

const json = (body: object, status = 200): Answer => ({ status, body: JSON.stringify(body) });
const NOTHING: Answer = { status: 204 };
/** IAM and STS: the query protocol. */
const xml = (operation: string, result: string): Answer => ({
  type: 'text/xml',
  body: `<${operation}Response><${operation}Result>${result}</${operation}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></${operation}Response>`,
});
const NO_SUCH_ENTITY: Answer = {
  status: 404,
  type: 'text/xml',
  body: '<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>not found</Message></Error><RequestId>r-1</RequestId></ErrorResponse>',
};

/** The trust policy that was written last, until it has been read back: every invocation finds the role as it was. */
let written: string | undefined;

function getRole({ caller, fields }: Call): Answer {
  if (fields.get('RoleName') === GONE) return NO_SUCH_ENTITY;
  const { roleName, roleId, roleArn, createdAt, trustPolicy, tags } = roleFor(caller === 'ASIA-trust');
  const document = encodeURIComponent(written ?? trustPolicy);
  written = undefined;
  const members = Object.entries(tags).map(
    ([key, value]) => `<member><Key>${key}</Key><Value>${value}</Value></member>`,
  );
  return xml(
    'GetRole',
    `<Role><Path>/</Path><RoleName>${roleName}</RoleName><RoleId>${roleId}</RoleId><Arn>${roleArn}</Arn><CreateDate>${createdAt}</CreateDate><AssumeRolePolicyDocument>${document}</AssumeRolePolicyDocument><Tags>${members.join('')}</Tags></Role>`,
  );
}

const ANSWERS: Readonly<Record<string, (call: Call) => Answer>> = {
  AssumeRole: ({ fields }) =>
    xml(
      'AssumeRole',
      `<Credentials><AccessKeyId>ASIA-${fields.get('RoleArn')?.split('-').at(-1)}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>`,
    ),
  GetWebIdentityToken: () =>
    xml(
      'GetWebIdentityToken',
      '<WebIdentityToken>header.claims.signature</WebIdentityToken><Expiration>2099-01-01T00:00:00Z</Expiration>',
    ),
  GetRole: getRole,
  GetOpenIDConnectProvider: ({ caller }) => {
    const audiences = caller === 'ASIA-trust' ? [PLACEHOLDER, AUDIENCE] : [PLACEHOLDER];
    const list = audiences.map((one) => `<member>${one}</member>`).join('');
    return xml('GetOpenIDConnectProvider', `<Url>${PROVIDER_PATH}</Url><ClientIDList>${list}</ClientIDList>`);
  },
  TagRole: () => xml('TagRole', ''),
  UpdateAssumeRolePolicy: ({ fields }) => {
    written = fields.get('PolicyDocument') ?? undefined;
    return xml('UpdateAssumeRolePolicy', '');
  },
  AddClientIDToOpenIDConnectProvider: () => xml('AddClientIDToOpenIDConnectProvider', ''),
  RemoveClientIDFromOpenIDConnectProvider: () => xml('RemoveClientIDFromOpenIDConnectProvider', ''),

  Query: () => json({ Items: [], Count: 0 }),
  GetItem: ({ caller }) => json({ Item: itemOf(entryFor(functionOf(caller))) }),
  PutItem: () => json({}),
  TransactWriteItems: () => json({}),
  // Nobody has paused anything.
  BatchGetItem: () => json({ Responses: {}, UnprocessedKeys: {} }),
  UpdateItem: () => json({}),
  StartExecution: () =>
    json({ executionArn: 'arn:aws:states:us-east-1:111122223333:execution:x:y', startDate: 0 }),

  token: ({ services }) =>
    json({
      token_type: 'Bearer',
      expires_in: services.tokenSeconds,
      access_token: 'header.claims.signature',
    }),
  'POST /applications': () => json(applicationView(false), 201),
  'PATCH /applications/{id}': () => NOTHING,
  'POST /servicePrincipals': () => json(PRINCIPAL_VIEW, 201),
  'GET /applications/{id}': () => json(applicationView(true)),
  'GET /applications/{id}/federatedIdentityCredentials': () => json({ value: [] }),
  'GET /servicePrincipals()': () => json(PRINCIPAL_VIEW),
  'DELETE /servicePrincipals/{id}': () => NOTHING,
  'DELETE /applications/{id}': () => NOTHING,
};
