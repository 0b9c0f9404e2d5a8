import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FactoryError } from '../../../core/errors.ts';
import { describeError, jsonTelemetry } from '../../../lambdas/adapters/telemetry.ts';

const SECRET = 'eyJhbGciOiJSUzI1NiJ9.secret';

describe('what is logged of an error', () => {
  it('is the message where it is ours, and of an AWS error only its code', () => {
    const upstream = Object.assign(new Error(SECRET), {
      name: 'MalformedPolicyDocumentException',
      $metadata: { httpStatusCode: 400 },
    });
    const error = new FactoryError('TrustPolicyRejected', 'UpdateAssumeRolePolicy role x', {
      cause: upstream,
    });
    expect(describeError(error)).toEqual({
      code: 'TrustPolicyRejected',
      class: 'developer',
      message: 'UpdateAssumeRolePolicy role x',
      cause: { name: 'MalformedPolicyDocument', status: 400, at: expect.any(Array) },
    });
  });

  it('is the message of every one of ours in the chain', () => {
    const cause = new FactoryError('InvalidInput', 'RoleId: expected a role id');
    expect(describeError(new FactoryError('Unexpected', 'not an entry', { cause }))).toMatchObject({
      cause: { code: 'InvalidInput', message: 'RoleId: expected a role id' },
    });
  });

  it.each([
    ['in the message', new Error(SECRET)],
    ['in a message of several lines', new TypeError(`${SECRET}\n    at ${SECRET}:1:1`)],
    ['in the name', Object.assign(new Error('x'), { name: SECRET })],
    ['in the code', Object.assign(new Error('x'), { code: SECRET })],
    ['in other properties', Object.assign(new Error('x'), { body: SECRET, response: { data: SECRET } })],
    ['in its cause', new Error('x', { cause: new Error(SECRET) })],
    ['as no error at all', SECRET],
  ])('never is a secret %s', (_where, error) => {
    expect(JSON.stringify(describeError(error))).not.toContain('secret');
  });

  it('names the place of an unexpected one', () => {
    expect(describeError(new TypeError('x')).at).toEqual(
      expect.arrayContaining([expect.stringContaining('telemetry.test.ts')]),
    );
  });

  it('keeps the code of a network error', () => {
    expect(describeError(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).toMatchObject({
      code: 'ECONNRESET',
    });
  });
});

describe('telemetry', () => {
  let lines: Record<string, unknown>[];
  beforeEach(() => {
    lines = [];
    const keep = (chunk: unknown) => {
      lines.push(JSON.parse(String(chunk)));
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(keep);
    vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('writes an event as one JSON line with its fields and the function as service', () => {
    jsonTelemetry('inspect-role').event('done', { roleName: 'x', decision: 'skip' });
    expect(lines).toEqual([
      {
        level: 'INFO',
        message: 'done',
        timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        service: 'inspect-role',
        roleName: 'x',
        decision: 'skip',
      },
    ]);
  });

  it('names the trace of the invocation', () => {
    vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-5759e988-bd862e3f;Parent=53995c3f42cd8ad8;Sampled=1');
    jsonTelemetry('inspect-role').event('done', {});
    vi.unstubAllEnvs();
    expect(lines).toMatchObject([{ xray_trace_id: '1-5759e988-bd862e3f' }]);
  });

  it.each([
    [new FactoryError('Throttled'), 'WARN'],
    [new FactoryError('ProviderFull'), 'ERROR'],
    [new Error('x'), 'ERROR'],
  ])('writes %s at level %s', (error, level) => {
    jsonTelemetry('inspect-role').problem('failed', error, { roleName: 'x' });
    expect(lines).toEqual([
      expect.objectContaining({ level, message: 'failed', roleName: 'x', error: describeError(error) }),
    ]);
  });

  it('publishes counted metrics once, in its namespace, and nothing where nothing was counted', () => {
    const telemetry = jsonTelemetry('inspect-role');
    telemetry.publish();
    expect(lines).toEqual([]);
    telemetry.count('RoleSkipped');
    telemetry.count('BestEffortFailed');
    telemetry.count('RoleSkipped');
    telemetry.publish();
    telemetry.publish();
    expect(lines).toEqual([
      {
        service: 'inspect-role',
        RoleSkipped: 2,
        BestEffortFailed: 1,
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            {
              Namespace: 'OidcFactory',
              Dimensions: [['service']],
              Metrics: [
                { Name: 'RoleSkipped', Unit: 'Count' },
                { Name: 'BestEffortFailed', Unit: 'Count' },
              ],
            },
          ],
        },
      },
    ]);
  });

  it('publishes levels as they were last, and a failure by its code alone', () => {
    const telemetry = jsonTelemetry('inspect-role');
    telemetry.gauge('AudiencesOnProvider', 12);
    telemetry.gauge('AudiencesOnProvider', 13);
    telemetry.failed('Throttled');
    telemetry.publish();
    telemetry.publish();
    expect(lines).toEqual([
      expect.objectContaining({
        service: 'inspect-role',
        AudiencesOnProvider: 13,
        code: 'Throttled',
        StepFailed: 1,
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            {
              Namespace: 'OidcFactory',
              Dimensions: [['service']],
              Metrics: [{ Name: 'AudiencesOnProvider', Unit: 'Count' }],
            },
            {
              Namespace: 'OidcFactory',
              Dimensions: [['code']],
              Metrics: [{ Name: 'StepFailed', Unit: 'Count' }],
            },
          ],
        },
      }),
    ]);
  });
});
