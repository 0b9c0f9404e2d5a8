import { describe, expect, it } from 'vitest';
import {
  codeOf,
  factoryError,
  type GraphFailure,
  isAbsent,
  isGrantedAlready,
  isPrincipalTaken,
  isUniqueNameTaken,
  noAnswer,
  readFailure,
} from '../../../lambdas/adapters/graph-errors.ts';

const failure = (status: number | undefined, code = '', message = ''): GraphFailure => ({
  status,
  code,
  message,
  requestId: undefined,
  retryAfterMs: undefined,
});

describe('the code of a failed Graph request', () => {
  it.each<[string, GraphFailure]>([
    ['Throttled', failure(429, 'TooManyRequests')],
    ['Unavailable', failure(503, 'ServiceUnavailable')],
    ['Unavailable', failure(500, 'InternalServerError')],
    ['Unavailable', failure(undefined, 'TypeError', 'fetch failed')],
    ['NotReplicated', failure(404, 'Request_ResourceNotFound')],
    [
      'NotReplicated',
      failure(
        400,
        'Request_BadRequest',
        "The appId '1' of the service principal does not reference a valid application object.",
      ),
    ],
    [
      'NotReplicated',
      failure(
        403,
        'Authorization_RequestDenied',
        'When using this permission, the backing application of the service principal being created must in the local tenant',
      ),
    ],
    ['NotReplicated', failure(409, 'Directory_ConcurrencyViolation')],
    ['DirectoryQuotaExceeded', failure(403, 'Directory_QuotaExceeded')],
    ['DirectoryQuotaExceeded', failure(400, 'Directory_QuotaExceeded')],
    ['DirectoryForbidden', failure(403, 'Authorization_RequestDenied', 'Insufficient privileges')],
    ['DirectoryForbidden', failure(401, 'InvalidAuthenticationToken')],
    ['DirectoryRejected', failure(400, 'Request_BadRequest', 'Invalid value')],
    ['DirectoryRejected', failure(409, 'Request_Conflict')],
  ])('is %s for %o', (code, failed) => {
    expect(codeOf(failed)).toBe(code);
  });
});

describe('an answer in the form of an error', () => {
  const taken = 'Another object with the same value for property uniqueName already exists.';

  it('is a taken unique name, whatever status it comes with, and no other property', () => {
    expect(isUniqueNameTaken(failure(400, 'Request_BadRequest', taken))).toBe(true);
    expect(isUniqueNameTaken(failure(409, 'Request_BadRequest', taken))).toBe(true);
    expect(isUniqueNameTaken(failure(400, 'Request_BadRequest', taken.replace('uniqueName', 'appId')))).toBe(
      false,
    );
    expect(isUniqueNameTaken(failure(403, 'Request_BadRequest', taken))).toBe(false);
  });

  it('is an existing service principal, and not two writes at once', () => {
    expect(isPrincipalTaken(failure(409, 'Request_MultipleObjectsWithSameKeyValue'))).toBe(true);
    expect(isPrincipalTaken(failure(409, 'Directory_ConcurrencyViolation'))).toBe(false);
  });

  it('is a permission that was granted before', () => {
    const granted = 'Permission being assigned already exists on the object';
    expect(isGrantedAlready(failure(400, 'Request_BadRequest', granted))).toBe(true);
    expect(isGrantedAlready(failure(403, 'Authorization_RequestDenied', granted))).toBe(false);
    expect(isGrantedAlready(failure(400, 'Request_BadRequest', 'Permission not found'))).toBe(false);
  });

  it('is an absent object', () => {
    expect(isAbsent(failure(404))).toBe(true);
    expect(isAbsent(failure(403))).toBe(false);
  });
});

describe('reading a refusal', () => {
  it.each([
    ['7', 7_000],
    ['0', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ])('takes Retry-After %s', (value, milliseconds) => {
    const { retryAfterMs } = readFailure({ status: 429, headers: { 'retry-after': value }, body: undefined });
    expect(Math.round((retryAfterMs ?? -1) / 1000) * 1000).toBe(milliseconds);
  });

  it('takes code and message from the body, and the request id from the header', () => {
    const body = { error: { code: 'Request_BadRequest', message: 'Invalid value' } };
    expect(readFailure({ status: 400, headers: { 'request-id': 'r-1' }, body })).toMatchObject({
      status: 400,
      code: 'Request_BadRequest',
      message: 'Invalid value',
      requestId: 'r-1',
    });
  });

  it.each([[undefined], [null], ['<html>'], [[]], [{ error: 'x' }], [{ error: { code: 1, message: {} } }]])(
    'finds neither in a body such as %o',
    (body) => {
      expect(readFailure({ status: 400, headers: {}, body })).toMatchObject({ code: '', message: '' });
    },
  );

  it('names the reason why there is no answer', () => {
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    expect(factoryError('GET /applications/{id}', noAnswer(reset)).message).toBe(
      'GET /applications/{id}: no answer ECONNRESET',
    );
    expect(codeOf(noAnswer('nonsense'))).toBe('Unavailable');
  });
});

describe('the error for a workflow', () => {
  it('carries code and request id, and neither message nor body', () => {
    const error = factoryError('PATCH /applications/{id}', {
      ...failure(400, 'Request_BadRequest', 'quotes the body'),
      requestId: 'r-1',
    });
    expect(error.message).toBe('PATCH /applications/{id}: 400 Request_BadRequest (request r-1)');
    expect(JSON.stringify([error, error.cause, error.stack])).not.toContain('quotes the body');
  });
});
