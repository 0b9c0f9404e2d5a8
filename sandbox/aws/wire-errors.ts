/** Errors of services and of the wire itself, as each protocol writes them. */
import { ServiceError } from '../cloud.ts';
import type { ServiceModel } from './schemas.ts';
import type { AuthenticationError } from './sigv4.ts';
import { toJson } from './wire-json.ts';
import { encodeXmlError } from './wire-query.ts';

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

interface WireError {
  /** Name of the shape: JSON protocols' `__type`. */
  readonly name: string;
  /** Query protocol's code; JSON services that once spoke Query send it too. */
  readonly queryCode: string | undefined;
  readonly message: string;
  readonly status: number;
  readonly fault: 'client' | 'server';
  readonly members: Readonly<Record<string, unknown>>;
}

/** Undefined for an error that is no service's: a defect of the sandbox. */
function describe(model: ServiceModel, error: unknown): WireError | undefined {
  if (error instanceof ServiceError) {
    const { code, message, status } = error;
    const fault = status >= 500 ? 'server' : 'client';
    return { name: code, queryCode: undefined, message, status, fault, members: {} };
  }
  const known = error instanceof Error ? model.errors.get(error.name) : undefined;
  if (!known || !(error instanceof Error)) return undefined;
  const { message } = error;
  const members = toJson(known.schema, { ...error, message, Message: message });
  return {
    name: error.name,
    queryCode: known.queryCode,
    message,
    status: known.status,
    fault: known.fault,
    members: members as Record<string, unknown>,
  };
}

const INTERNAL: WireError = {
  name: 'InternalFailure',
  queryCode: undefined,
  message: 'The sandbox failed; its log says why',
  status: 500,
  fault: 'server',
  members: {},
};

/** `report` is told of errors that are no service's: they are defects of the sandbox. */
export function renderError(
  model: ServiceModel,
  error: unknown,
  requestId: string,
  report: (error: unknown) => void,
): WireResponse {
  let known = describe(model, error);
  if (!known) {
    report(error);
    known = INTERNAL;
  }
  const { name, queryCode, message, status, fault, members } = known;
  const headers = { 'x-amzn-requestid': requestId };
  const type = fault === 'client' ? 'Sender' : 'Receiver';
  const { protocol } = model;
  if (protocol.kind === 'query') {
    const { xmlNamespace } = protocol;
    const body = encodeXmlError({ xmlNamespace, type, code: queryCode ?? name, message, requestId });
    return { status, headers: { ...headers, 'content-type': 'text/xml' }, body };
  }
  return {
    status,
    headers: {
      ...headers,
      'content-type':
        protocol.kind === 'json' ? `application/x-amz-json-${protocol.version}` : 'application/json',
      'x-amzn-errortype': name,
      ...(queryCode !== undefined && { 'x-amzn-query-error': `${queryCode};${type}` }),
    },
    body: JSON.stringify({ __type: name, message, ...members }),
  };
}

/** What a service says to a request that nobody is behind; JSON services have their own codes. */
export function authenticationFailure(model: ServiceModel, error: AuthenticationError): ServiceError {
  const query = model.protocol.kind === 'query';
  switch (error.problem) {
    case 'incomplete':
      return new ServiceError(
        query ? 'IncompleteSignature' : 'IncompleteSignatureException',
        error.message,
        403,
      );
    case 'unknown-key':
      return new ServiceError(
        query ? 'InvalidClientTokenId' : 'UnrecognizedClientException',
        error.message,
        403,
      );
    case 'mismatch':
      return new ServiceError(
        query ? 'SignatureDoesNotMatch' : 'InvalidSignatureException',
        error.message,
        403,
      );
    case 'expired-token':
      return new ServiceError(query ? 'ExpiredToken' : 'ExpiredTokenException', error.message, 403);
  }
}
