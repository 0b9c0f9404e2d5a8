import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { clientConfig } from '../../cli/aws.ts';
import { EXIT, type Outcome } from '../../cli/failure.ts';
import { run } from './recorded-io.ts';

const ARN = 'arn:aws:iam::111122223333:role/deploy';
const status = (...more: string[]) => run(['status', '--role-arn', ARN, '--json', ...more]);

const serviceError = (name: string, httpStatusCode: number) =>
  Object.assign(new Error('upstream words'), { name, $fault: 'client', $metadata: { httpStatusCode } });
const socketError = (code: string) => Object.assign(new Error('upstream words'), { code });
const localError = (name: string, message: string) => Object.assign(new Error(message), { name });

afterEach(() => vi.unstubAllEnvs());

describe('an error of AWS', () => {
  it.each<[Error, Outcome, string]>([
    [serviceError('AccessDenied', 403), 'refused', 'AwsAccessDenied'],
    [serviceError('AccessDeniedException', 400), 'refused', 'AwsAccessDenied'],
    [serviceError('ExpiredToken', 403), 'refused', 'AwsSessionExpired'],
    [serviceError('ExpiredTokenException', 400), 'refused', 'AwsSessionExpired'],
    [serviceError('InvalidClientTokenId', 403), 'refused', 'AwsCredentialsInvalid'],
    [serviceError('UnrecognizedClientException', 400), 'refused', 'AwsCredentialsInvalid'],
    [serviceError('SignatureDoesNotMatch', 403), 'refused', 'AwsCredentialsInvalid'],
    [serviceError('RequestExpired', 400), 'refused', 'ClockSkew'],
    [serviceError('NoSuchEntityException', 404), 'refused', 'RoleNotFound'],
    [serviceError('ValidationError', 400), 'refused', 'AwsRefused'],
    [serviceError('Throttling', 400), 'unavailable', 'AwsThrottled'],
    [serviceError('TooManyRequestsException', 429), 'unavailable', 'AwsThrottled'],
    [serviceError('ServiceFailure', 500), 'unavailable', 'AwsUnreachable'],
    [serviceError('TimeoutError', 0), 'unavailable', 'AwsUnreachable'],
    [socketError('ECONNREFUSED'), 'unavailable', 'AwsUnreachable'],
    [socketError('ENOTFOUND'), 'unavailable', 'AwsUnreachable'],
    [localError('CredentialsProviderError', 'Could not load credentials'), 'usage', 'NoAwsCredentials'],
    [localError('CredentialsProviderError', 'The SSO session … is invalid'), 'refused', 'AwsSessionExpired'],
    [localError('TokenProviderError', 'Token is expired'), 'refused', 'AwsSessionExpired'],
    [localError('Error', 'Region is missing'), 'usage', 'NoAwsRegion'],
    [localError('TypeError', 'undefined is not a function'), 'unexpected', 'Unexpected'],
  ])('%s ends as %s with the code %s', async (error, outcome, code) => {
    const iam = mockClient(IAMClient);
    iam.on(GetRoleCommand).rejects(error);
    const { exitCode, stdout, stderr, json } = await status().finally(() => iam.restore());
    expect({ exitCode, code: json().error.code }).toEqual({ exitCode: EXIT[outcome], code });
    expect(json().error.retryable).toBe(outcome === 'unavailable');
    if (outcome === 'unexpected') return;
    expect(stderr).toBe('');
    expect(stdout).not.toContain('upstream words');
    if (code !== 'AwsRefused') expect(json().error.remedy).toMatch(/\.$/);
  });

  it('names the missing permission, and what for', async () => {
    const iam = mockClient(IAMClient);
    iam.on(GetRoleCommand).rejects(serviceError('AccessDenied', 403));
    const { stderr } = await run(['status', '--role-arn', ARN]).finally(() => iam.restore());
    expect(stderr).toMatch(/AwsAccessDenied: AWS denies iam:GetRole role\/deploy\n.*Allow iam:GetRole/);
  });
});

describe('without the world', () => {
  const nowhere = () => {
    for (const name of ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION']) {
      vi.stubEnv(name, undefined);
    }
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/dev/null');
  };

  it('there are no credentials, not even under a profile', async () => {
    nowhere();
    for (const more of [[], ['--profile', 'nobody']]) {
      const { exitCode, json } = await status(...more);
      expect({ exitCode, code: json().error.code }).toEqual({
        exitCode: EXIT.usage,
        code: 'NoAwsCredentials',
      });
    }
  });

  it('nobody answers', async () => {
    nowhere();
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'of no account');
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
    const { exitCode, json } = await status();
    expect({ exitCode, code: json().error.code }).toEqual({
      exitCode: EXIT.unavailable,
      code: 'AwsUnreachable',
    });
    expect(json().error.message).toContain('ECONNREFUSED');
  });
});

describe('the region', () => {
  const regionFor = (env: Record<string, string>, options: { region?: string; profile?: string } = {}) =>
    clientConfig({ env } as Parameters<typeof clientConfig>[0], options);

  it('is the one that was said, else AWS_REGION, else what the AWS CLI reads', () => {
    const env = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' };
    expect(regionFor(env, { region: 'eu-west-3' })).toMatchObject({ region: 'eu-west-3' });
    expect(regionFor(env)).toMatchObject({ region: 'eu-west-1' });
    expect(regionFor({ AWS_DEFAULT_REGION: 'eu-west-2' })).toMatchObject({ region: 'eu-west-2' });
    expect(regionFor({}, { profile: 'x' })).toMatchObject({ profile: 'x' });
    expect(regionFor({})).not.toHaveProperty('region');
  });

  it('has the form of one', async () => {
    const { exitCode, stderr } = await status('--region', 'evil.example/');
    expect(exitCode).toBe(EXIT.usage);
    expect(stderr).toContain('eu-central-1');
  });
});
