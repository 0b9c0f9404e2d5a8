import { describe, expect, it } from 'vitest';
import { FactoryError } from '../../../core/errors.ts';
import { calling, factoryErrorOf } from '../../../lambdas/adapters/aws-errors.ts';

const awsError = (name: string, status?: number, more: object = {}) =>
  Object.assign(new Error('upstream says: eyJhbGciOi'), {
    name,
    $metadata: { httpStatusCode: status },
    ...more,
  });

describe('an error of AWS', () => {
  it.each([
    ['Throttling', 400, 'Throttled'],
    ['ThrottlingException', 400, 'Throttled'],
    ['TooManyRequestsException', 429, 'Throttled'],
    ['ProvisionedThroughputExceededException', 400, 'Throttled'],
    ['RequestLimitExceeded', 400, 'Throttled'],
    ['ConcurrentModificationException', 409, 'Throttled'],
    ['SomethingNew', 429, 'Throttled'],
    ['ServiceFailureException', 500, 'Unavailable'],
    ['InternalServerError', 500, 'Unavailable'],
    ['SomethingNew', 503, 'Unavailable'],
    ['ExpiredToken', 403, 'Unavailable'],
    ['ExpiredTokenException', 400, 'Unavailable'],
    ['TimeoutError', undefined, 'Unavailable'],
    ['AccessDenied', 403, 'Unexpected'],
    ['SomethingNew', 400, 'Unexpected'],
  ])('%s with status %s is %s where the call gives it no other meaning', (name, status, code) => {
    expect(factoryErrorOf(awsError(name, status), 'GetRole').code).toBe(code);
  });

  it.each(['ECONNRESET', 'ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE'])(
    'without an answer (%s) is Unavailable',
    (code) => {
      expect(factoryErrorOf(Object.assign(new Error('socket'), { code }), 'GetRole').code).toBe(
        'Unavailable',
      );
    },
  );

  it('that could not be parsed counts by the status of its answer', () => {
    const error = Object.assign(new SyntaxError('<html>'), { $response: { statusCode: 502 } });
    expect(factoryErrorOf(error, 'GetRole').code).toBe('Unavailable');
  });

  it('means what its call says, with and without the suffix Exception', () => {
    const meanings = { LimitExceeded: 'ProviderFull', ServiceFailure: 'RoleGone' } as const;
    expect(factoryErrorOf(awsError('LimitExceededException', 409), 'Add', meanings).code).toBe(
      'ProviderFull',
    );
    expect(factoryErrorOf(awsError('LimitExceeded', 409), 'Add', meanings).code).toBe('ProviderFull');
    expect(factoryErrorOf(awsError('ServiceFailure', 500), 'Add', meanings).code).toBe('RoleGone');
  });

  it('gets no meaning from what every object inherits', () => {
    expect(factoryErrorOf(awsError('constructor', 400), 'GetRole', {}).code).toBe('Unexpected');
  });

  it('leaves its text in the cause, and only names and ids in the message', () => {
    const upstream = awsError('MalformedPolicyDocumentException', 400);
    const error = factoryErrorOf(upstream, 'UpdateAssumeRolePolicy role x');
    expect(error.message).toBe('UpdateAssumeRolePolicy role x: 400 MalformedPolicyDocument');
    expect(error.cause).toBe(upstream);
    expect(factoryErrorOf(awsError('a secret in the name', 400), 'GetRole').message).toBe('GetRole: 400');
  });

  it('that is ours already passes unchanged', async () => {
    const ours = new FactoryError('RoleGone');
    await expect(calling('GetRole', {}, () => Promise.reject(ours))).rejects.toBe(ours);
  });

  it.each([undefined, null, 'text', 7])('may be anything: %s is Unexpected', (thrown) => {
    expect(factoryErrorOf(thrown, 'GetRole').code).toBe('Unexpected');
  });
});
