/** One AWS request from bytes to bytes: authentication, decoding, dispatch, encoding. */
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { type Caller, ServiceError } from '../cloud.ts';
import { FaultError } from '../recorder.ts';
import type { AwsCloud } from './cloud.ts';
import { IAM_REGION } from './iam/store.ts';
import { modelOf, type OperationModel, type ServiceModel } from './schemas.ts';
import { AuthenticationError, parseAuthorization, type SignedRequest, verifySignature } from './sigv4.ts';
import { authenticationFailure, renderError, type WireResponse } from './wire-errors.ts';
import { fromJson, toJson } from './wire-json.ts';
import { decodeQuery, encodeXml } from './wire-query.ts';
import { decodeRest, encodeRest, type RestRoute, route } from './wire-rest.ts';

export interface WireRequest extends SignedRequest {
  readonly sourceIp: string;
}

/** The only operations that AWS takes unsigned: their proof is in the request. */
const UNSIGNED = ['AssumeRoleWithWebIdentity', 'AssumeRoleWithSAML'];
const NOBODY: Caller = { principal: { type: 'anonymous' }, accountId: '' };

/**
 * Answers one request. Rejects only with a FaultError `lost`: then the connection must be dropped. `report` is told
 * of errors that are defects of the sandbox.
 */
export async function answer(
  cloud: AwsCloud,
  request: WireRequest,
  report: (error: unknown) => void,
): Promise<WireResponse> {
  const requestId = randomUUID();
  const form = formOf(request);
  const model = modelFor(request, form);
  if (!model) return notAuthenticated(requestId);
  try {
    const { caller, region } = authenticate(cloud, request, model, form);
    const { operation, input, encode } = decode(model, request, form);
    const output = await cloud.perform({
      service: model.id,
      operation,
      input,
      caller,
      // These are global: whatever region a client is set to, its calls are made where they live.
      region: model.id === 'iam' || model.id === 'organizations' ? IAM_REGION : region,
      requestId,
      userAgent: request.headers['user-agent'] ?? '',
      sourceIp: request.sourceIp,
    });
    return encode(output, requestId);
  } catch (error) {
    if (error instanceof FaultError) throw error;
    const failure = error instanceof AuthenticationError ? authenticationFailure(model, error) : error;
    return renderError(model, failure, requestId, report);
  }
}

/** The form of a Query request. */
function formOf({ headers, body }: WireRequest): URLSearchParams | undefined {
  const type = headers['content-type'] ?? '';
  return /^application\/x-www-form-urlencoded\b/i.test(type)
    ? new URLSearchParams(Buffer.from(body).toString('utf8'))
    : undefined;
}

/** The service that a request is for, by its credential scope; STS for the operations that may be unsigned. */
function modelFor(request: WireRequest, form: URLSearchParams | undefined): ServiceModel | undefined {
  const authorization = request.headers.authorization;
  if (authorization !== undefined) {
    const service = /Credential=[^/,\s]+\/\d+\/[^/]+\/([a-z0-9-]+)\//.exec(authorization)?.[1];
    return service === undefined ? undefined : modelOf(service);
  }
  return UNSIGNED.includes(form?.get('Action') ?? '') ? modelOf('sts') : undefined;
}

const notAuthenticated = (requestId: string): WireResponse => ({
  status: 403,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'MissingAuthenticationTokenException' },
  body: JSON.stringify({
    __type: 'MissingAuthenticationTokenException',
    message:
      'Request is missing Authentication Token, or is signed for a service that the sandbox does not have',
    requestId,
  }),
});

function authenticate(
  cloud: AwsCloud,
  request: WireRequest,
  model: ServiceModel,
  form: URLSearchParams | undefined,
): { caller: Caller; region: string } {
  const authorization = request.headers.authorization;
  if (authorization === undefined) return { caller: NOBODY, region: IAM_REGION };
  const signature = parseAuthorization(authorization);
  const invalid = new AuthenticationError(
    'unknown-key',
    'The security token included in the request is invalid.',
  );
  const known = cloud.authenticate(signature.accessKeyId);
  if (!known) throw invalid;
  const { credentials, caller } = known;
  verifySignature(request, signature, credentials.secretAccessKey, cloud.time.now());
  if (!sameToken(request.headers['x-amz-security-token'], credentials.sessionToken)) throw invalid;
  if (credentials.expiration && credentials.expiration.getTime() <= cloud.time.now()) {
    throw new AuthenticationError('expired-token', 'The security token included in the request is expired');
  }
  // A signature makes these calls no one's: what they may do follows from their token alone.
  const unsigned = model.id === 'sts' && UNSIGNED.includes(form?.get('Action') ?? '');
  return { caller: unsigned ? NOBODY : caller, region: signature.region };
}

function sameToken(given: string | undefined, expected: string | undefined): boolean {
  if (given === undefined || expected === undefined) return given === expected;
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

interface Decoded {
  readonly operation: string;
  readonly input: object;
  encode(output: unknown, requestId: string): WireResponse;
}

function decode(model: ServiceModel, request: WireRequest, form: URLSearchParams | undefined): Decoded {
  switch (model.protocol.kind) {
    case 'query':
      return decodeForm(model, model.protocol, form);
    case 'json':
      return decodeJson(model, model.protocol, request);
    case 'rest-json':
      return decodePath(model, request);
  }
}

function decodeForm(
  model: ServiceModel,
  { version, xmlNamespace }: { version: string; xmlNamespace: string },
  form: URLSearchParams | undefined,
): Decoded {
  const name = form?.get('Action') ?? '';
  const operation = model.operations.get(name);
  if (!form || !operation || form.get('Version') !== version) throw model.unknownOperation(name);
  return {
    operation: name,
    input: decodeQuery(operation.input, form),
    encode: (output, requestId) => ({
      status: 200,
      headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
      body: encodeXml({ operation: name, xmlNamespace, schema: operation.output, output, requestId }),
    }),
  };
}

function decodeJson(
  model: ServiceModel,
  protocol: { version: string; target: string },
  request: WireRequest,
): Decoded {
  const [prefix, name = ''] = (request.headers['x-amz-target'] ?? '').split('.');
  const operation = prefix === protocol.target ? model.operations.get(name) : undefined;
  if (!operation) throw model.unknownOperation(name);
  const body: unknown = parsed(() => JSON.parse(Buffer.from(request.body).toString('utf8') || '{}'));
  return {
    operation: name,
    input: asInput(fromJson(operation.input, body)),
    encode: (output, requestId) => ({
      status: 200,
      headers: {
        'content-type': `application/x-amz-json-${protocol.version}`,
        'x-amzn-requestid': requestId,
      },
      body: operation.output.isUnitSchema() ? '' : JSON.stringify(toJson(operation.output, output ?? {})),
    }),
  };
}

function decodePath(model: ServiceModel, request: WireRequest): Decoded {
  const found: RestRoute | undefined = parsed(() => route(model, request));
  if (!found) throw model.unknownOperation(`${request.method} ${request.path}`);
  const operation: OperationModel = found.operation;
  return {
    operation: operation.name,
    input: asInput(parsed(() => decodeRest(found, request))),
    encode: (output, requestId) => {
      const { status, headers, body } = encodeRest(operation, output);
      return { status, headers: { ...headers, 'x-amzn-requestid': requestId }, body };
    },
  };
}

function parsed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof URIError)) throw error;
    throw new ServiceError('SerializationException', 'The request is not well-formed');
  }
}

function asInput(value: unknown): object {
  if (typeof value === 'object' && value !== null) return value;
  throw new ServiceError('SerializationException', 'Start of structure or map found where not expected.');
}
