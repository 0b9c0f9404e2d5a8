import { hostname } from 'node:os';
import { STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it, vi } from 'vitest';
import { credentialsFromEntra, type FromEntraOptions } from '../../credentials/from-entra.ts';
import { sessionNameFor } from '../../credentials/session-name.ts';
import { ACCOUNT } from '../fixtures/domain.ts';
import { CLAIMS_V1, ISSUED, jwt } from '../fixtures/tokens.ts';
import { refusal, SECRETS } from './fake-sts.ts';
import { AUDIENCE, credentialOf, failureOf, HOUR, providerOf, ROLE, useScene } from './scene.ts';
import { MINUTE } from './virtual-ports.ts';

const scene = useScene();
const provider = (options: Partial<FromEntraOptions> = {}) => providerOf(scene.ports, options);

describe('credentials of a role', () => {
  it('are a session that STS gives for a token of the audience', async () => {
    const { credential, asked } = credentialOf(jwt(CLAIMS_V1));
    expect(await provider({ credential, durationSeconds: 900 })()).toEqual({
      ...SECRETS,
      expiration: new Date(ISSUED * 1000 + HOUR),
      accountId: ACCOUNT,
    });
    expect(asked).toEqual([{ scope: `${AUDIENCE}/.default`, claims: undefined }]);
    expect(scene.sts.asked.map(({ form }) => form)).toEqual([
      {
        Action: 'AssumeRoleWithWebIdentity',
        Version: '2011-06-15',
        RoleArn: ROLE,
        RoleSessionName: expect.any(String),
        WebIdentityToken: jwt(CLAIMS_V1),
        DurationSeconds: '900',
      },
    ]);
  });

  it.each([
    ['stale', { AWS_ACCESS_KEY_ID: 'AKIAOLD', AWS_SECRET_ACCESS_KEY: 'old', AWS_PROFILE: 'none-such' }],
    ['no', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_CONFIG_FILE: '/dev/null' }],
  ])('need no credentials of AWS: with %s ones the request is not signed', async (_, env) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    await provider()();
    const [{ headers } = { headers: {} }] = scene.sts.asked;
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('x-amz-security-token');
  });

  it('are asked for once, however many ask, and kept', async () => {
    const credentials = provider();
    await Promise.all(Array.from({ length: 100 }, () => credentials()));
    await credentials();
    expect(scene.sts.asked).toHaveLength(1);
  });

  it('are renewed with a new token, and failures of that go to the logger', async () => {
    const warn = vi.fn();
    const credentials = provider({ logger: { warn } });
    await credentials();
    scene.ports.advance(HOUR - 5 * MINUTE);
    scene.sts.answers = [refusal('AccessDenied', 'Not authorized', 403)];
    expect(await credentials()).toMatchObject(SECRETS);
    await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1));
    expect(warn.mock.calls[0]?.[0]).toContain(`${ROLE} yet: NotTrusted: `);
    scene.ports.advance(5 * MINUTE);
    expect((await failureOf(credentials())).code).toBe('NotTrusted');
  });
});

describe('the name of the session', () => {
  const named = async (options: Partial<FromEntraOptions>) => {
    await provider(options)();
    return scene.sts.asked[0]?.form.RoleSessionName;
  };

  it('tells machine and application', async () => {
    expect(await named({})).toBe(sessionNameFor(hostname(), jwt(CLAIMS_V1)));
  });

  it('is what the caller says', async () => {
    expect(await named({ sessionName: 'build-42' })).toBe('build-42');
  });
});

describe('the region of STS', () => {
  it.each<[string, Partial<FromEntraOptions>, Record<string, string>]>([
    ['eu-west-1', { region: 'eu-west-1' }, { AWS_REGION: 'eu-west-2' }],
    ['eu-west-2', {}, { AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'eu-west-3' }],
    ['eu-west-3', {}, { AWS_DEFAULT_REGION: 'eu-west-3' }],
    ['us-east-1', {}, {}],
    ['us-gov-west-1', { roleArn: ROLE.replace('aws', 'aws-us-gov') }, {}],
    ['cn-north-1', { roleArn: ROLE.replace('aws', 'aws-cn') }, {}],
  ])('is %s with options %j and environment %j', async (region, options, env) => {
    const mock = mockClient(STSClient).resolves({});
    try {
      const { credential } = credentialOf(jwt(CLAIMS_V1));
      const given = { roleArn: ROLE, audience: AUDIENCE, credential, ...options };
      await credentialsFromEntra(given, env, scene.ports)().catch(() => {});
      const client = mock.calls()[0]?.thisValue as STSClient | undefined;
      expect(await client?.config.region()).toBe(region);
    } finally {
      mock.restore();
    }
  });
});

describe('an option of another form', () => {
  it.each<[string, Partial<FromEntraOptions>]>([
    ['RoleArn', { roleArn: 'deploy' }],
    ['RoleArn', { roleArn: `arn:aws:iam::${ACCOUNT}:user/deploy` }],
    ['Audience', { audience: '' }],
    ['audience', { audience: `${AUDIENCE}/.default` }],
    ['sessionName', { sessionName: 'a name' }],
    ['durationSeconds', { durationSeconds: 899 }],
    ['durationSeconds', { durationSeconds: 43_201 }],
    ['durationSeconds', { durationSeconds: 900.5 }],
  ])('%s is refused at once: %j', (option, options) => {
    expect(() => provider(options)).toThrowError(
      expect.objectContaining({ code: 'InvalidInput', message: expect.stringContaining(option) }),
    );
  });
});
