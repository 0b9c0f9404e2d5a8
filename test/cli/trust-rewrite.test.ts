import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFactoryError } from '../../core/errors.ts';
import { rewriteTrustPolicy } from '../../core/trust-policy/rewrite.ts';
import CONFIG from '../../oidc-factory.example.json' with { type: 'json' };
import {
  APP_ID,
  AUDIENCE,
  AUDIENCE_V2,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER_ARN,
  PROVIDER_ARN_V2,
  policy,
  SERVICE_PRINCIPAL,
  statement,
} from '../fixtures/domain.ts';
import { rewriteCase } from '../generators/trust-policy.ts';
import { run } from './recorded-io.ts';

// Where no config lies about.
const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-rewrite-'));
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

const [aud, sub] = [key('aud'), key('sub')];
const LAMBDA = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
const BEFORE = policy(statement(), LAMBDA);
const AFTER = policy(
  statement({ Condition: { StringEquals: { [aud]: AUDIENCE, [sub]: SERVICE_PRINCIPAL } } }),
  LAMBDA,
);
const ON = ['--provider-arn', PROVIDER_ARN, '--audience', AUDIENCE];
const rewrite = (input: string, ...more: string[]) =>
  run(['trust', 'rewrite', ...ON, '--subject', SERVICE_PRINCIPAL, ...more], { input });

describe('oidc-factory trust rewrite', () => {
  it('writes the new policy alone to standard output, fit for a file', async () => {
    const { exitCode, stdout } = await rewrite(BEFORE);
    expect([exitCode, stdout]).toEqual([0, AFTER]);
  });

  it('tells on standard error what has changed, and what its owner should know', async () => {
    expect((await rewrite(BEFORE)).stderr.split('\n')).toEqual([
      `2 changes, ${AFTER.length} characters`,
      `  statement 0: aud becomes ${AUDIENCE}`,
      `  statement 0: ${sub} is pinned to ${SERVICE_PRINCIPAL} by StringEquals`,
      'Note statement 1: it lets others in: Service lambda.amazonaws.com',
      '  …',
      '        "Action": "sts:AssumeRoleWithWebIdentity",',
      '        "Condition": {',
      '          "StringEquals": {',
      `-           "${aud}": "${PLACEHOLDER}"`,
      `+           "${aud}": "${AUDIENCE}",`,
      `+           "${sub}": "${SERVICE_PRINCIPAL}"`,
      '          }',
      '        }',
      '      },',
      '  …',
    ]);
  });

  it('prints everything as one object with --json', async () => {
    expect((await rewrite(BEFORE, '--json')).json()).toEqual({
      changed: true,
      changes: [expect.any(String), expect.any(String)],
      pinned: 'by-factory',
      length: AFTER.length,
      warnings: [{ code: 'lets-others-in', statement: 1, message: expect.any(String) }],
      policy: JSON.parse(AFTER),
    });
  });

  it('has nothing to do where the policy says all of it', async () => {
    const { exitCode, stdout, stderr } = await rewrite(AFTER);
    expect([exitCode, stdout]).toEqual([0, AFTER]);
    expect(stderr).toMatch(/^Nothing to change$/m);
  });

  it('prints over several lines on a terminal', async () => {
    const { stdout } = await run(['trust', 'rewrite', ...ON, '--subject', SERVICE_PRINCIPAL], {
      input: BEFORE,
      width: 100,
    });
    expect(stdout).toBe(JSON.stringify(JSON.parse(AFTER), null, 2));
  });

  it('knows the token version by the provider', async () => {
    const on = (claim: string) => key(claim, PROVIDER_ARN_V2);
    const { stdout } = await run(
      [
        'trust',
        'rewrite',
        '--provider-arn',
        PROVIDER_ARN_V2,
        '--audience',
        APP_ID,
        '--subject',
        SERVICE_PRINCIPAL,
      ],
      {
        input: policy(
          statement({
            Principal: { Federated: PROVIDER_ARN_V2 },
            Condition: { StringEquals: { [on('aud')]: PLACEHOLDER } },
          }),
        ),
      },
    );
    expect(JSON.parse(stdout).Statement[0].Condition.StringEquals).toEqual({
      [on('aud')]: AUDIENCE_V2,
      [on('oaud')]: APP_ID,
      [on('sub')]: SERVICE_PRINCIPAL,
    });
  });

  it('takes placeholders from the config', async () => {
    const placeholder = `api://${CONFIG.entra.tenantId}/fill-me`;
    const input = policy(statement({ Condition: { StringEquals: { [aud]: placeholder } } }));
    expect((await rewrite(input)).exitCode).toBe(1);
    const config = join(folder, 'config.json');
    writeFileSync(config, JSON.stringify({ ...CONFIG, placeholders: [placeholder] }));
    expect((await rewrite(input, '--config', config)).exitCode).toBe(0);
  });
});

describe('without a subject', () => {
  const bare = (input: string) => run(['trust', 'rewrite', ...ON], { input });

  it('nothing open is written', async () => {
    const { exitCode, stdout, stderr } = await bare(BEFORE);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^SubjectMissing: .*az ad sp show/s);
  });

  it('a policy that pins sub already is rewritten', async () => {
    const Condition = { StringEquals: { [aud]: PLACEHOLDER, [sub]: MANAGED_IDENTITY } };
    const { exitCode, stderr } = await bare(policy(statement({ Condition })));
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^Note sub is pinned in the policy already/m);
  });
});

describe('a policy that is not rewritten', () => {
  it('is told statement by statement', async () => {
    const input = policy(statement({ Condition: { StringEquals: { [aud]: 'api://theirs' } } }), LAMBDA);
    const { exitCode, stdout, stderr } = await rewrite(input);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^NothingToRewrite: .*\n {2}statement 0: api:\/\/theirs is not a placeholder\n {2}statement 1: /,
    );
  });

  it.each([
    ['that is none', '[]', [], /^TrustPolicyUnreadable/],
    ['that is no JSON', 'x', [], /^TrustPolicyUnreadable/],
    ['on a provider of nobody', BEFORE, ['--provider-arn', 'x'], /^InvalidInput: ProviderArn/],
    [
      'on a provider that is not Entra’s',
      BEFORE,
      ['--provider-arn', 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com'],
      /^InvalidInput: .*Entra tenant/,
    ],
    ['for a subject that is none', BEFORE, ['--subject', 'agent'], /^InvalidInput: ServicePrincipalId/],
  ])('%s, is wrong input', async (_, input, more, message) => {
    const { exitCode, stderr } = await rewrite(input, ...more);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it('names the tenant where config and provider do not fit', async () => {
    const config = join(folder, 'elsewhere.json');
    const entra = { ...CONFIG.entra, tenantId: '99999999-8888-4777-8666-555555555555' };
    writeFileSync(config, JSON.stringify({ ...CONFIG, entra }));
    expect((await rewrite(BEFORE, '--config', config)).stderr).toMatch(/^InvalidInput: .*99999999-8888/);
  });
});

it('rewrites whatever policy exactly as the factory does', async () => {
  await fc.assert(
    fc.asyncProperty(rewriteCase, async ({ request, provider }) => {
      const { trustPolicy, audience, servicePrincipalId } = request;
      const { exitCode, stdout } = await run(
        [
          'trust',
          'rewrite',
          '--provider-arn',
          provider.providerArn,
          '--audience',
          audience,
          '--subject',
          servicePrincipalId,
        ],
        { input: trustPolicy },
      );
      let expected: string | undefined;
      try {
        const clientIds = [audience];
        expected = rewriteTrustPolicy({
          ...request,
          provider: { ...provider, clientIds },
          recordedAudience: undefined,
        }).document;
      } catch (error) {
        if (!isFactoryError(error)) throw error;
      }
      expect(exitCode === 0 ? stdout : undefined).toBe(expected);
      expect(exitCode).toBeLessThan(70);
    }),
    { numRuns: 100 },
  );
});
