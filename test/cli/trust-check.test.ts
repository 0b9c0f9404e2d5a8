import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  AUDIENCE,
  ISSUER,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER_ARN,
  policy,
  SERVICE_PRINCIPAL,
  statement,
} from '../fixtures/domain.ts';
import { run } from './recorded-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-check-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: unknown): string => {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return join(folder, name);
};

const [aud, sub] = [key('aud'), key('sub')];
const OWN = statement({
  Sid: 'Entra',
  Condition: { StringEquals: { [aud]: AUDIENCE, [sub]: SERVICE_PRINCIPAL } },
});
const POLICY = file('policy.json', policy(OWN));
const PROVIDER = {
  Url: ISSUER.url.replace('https://', ''),
  ClientIDList: [PLACEHOLDER, AUDIENCE],
  ThumbprintList: [],
};

const claimsOf = (changes: object = {}) => ({
  iss: ISSUER.url,
  aud: AUDIENCE,
  sub: SERVICE_PRINCIPAL,
  ...changes,
});
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (claims: object, header: object = { alg: 'RS256', typ: 'JWT' }) => {
  const now = Math.floor(Date.now() / 1000);
  const complete = { iat: now - 60, exp: now + 3600, ...claims };
  return `${encoded(header)}.${encoded(complete)}.c2lnbmF0dXJl`;
};

const check = (input: string, ...more: string[]) =>
  run(['trust', 'check', POLICY, '--provider-arn', PROVIDER_ARN, '--client-id', AUDIENCE, ...more], {
    input,
  });

describe('oidc-factory trust check', () => {
  it('says by which statement a token is let in, and that nobody has checked its signature', async () => {
    const { exitCode, stdout, stderr } = await check(tokenOf(claimsOf()));
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^LET IN by statement 0 \(Entra\)\n/);
    expect(stdout).toMatch(/^ {2}\? +signature +not checked here$/m);
  });

  it('says of a refused one what was expected, and what would let it in', async () => {
    const { exitCode, stdout } = await check(tokenOf(claimsOf({ sub: MANAGED_IDENTITY })));
    expect(exitCode).toBe(1);
    expect(stdout.split('\n')).toEqual([
      'REFUSED (AccessDenied): The trust policy names other subjects than the one in the token.',
      '',
      'Before the trust policy',
      `  ok    issuer     ${ISSUER.url}`,
      '  ok    algorithm  RS256',
      '  ?     signature  not checked here',
      expect.stringMatching(/^ {2}ok {4}lifetime {3}\d{4}-.* to \d{4}-/),
      `  ok    subject    ${MANAGED_IDENTITY}`,
      `  ok    audience   aud ${AUDIENCE}`,
      'Trust policy',
      '  statement 0 (Entra): Allow, does not apply',
      `    ok    StringEquals ${aud}`,
      `    FAIL  StringEquals ${sub}`,
      `          expected ${SERVICE_PRINCIPAL}`,
      `          actual   ${MANAGED_IDENTITY}`,
      '',
      'The smallest change that would let it in',
      `  statement 0: StringEquals ${sub} also takes ${MANAGED_IDENTITY}`,
      `  Wise: nobody gets in besides ${MANAGED_IDENTITY}, if that is who is meant to.`,
      expect.stringMatching(/^What to do \(SubjectNotTrusted\): /),
    ]);
  });

  it('says so where only another token helps', async () => {
    const { stdout } = await check(tokenOf(claimsOf({ exp: 1 })));
    expect(stdout).toMatch(/^REFUSED \(ExpiredTokenException\): /);
    expect(stdout).toMatch(/^No change of role or provider lets this very token in$/m);
  });

  it('tells what the call to STS itself decides', async () => {
    const Condition = {
      StringEquals: { [aud]: AUDIENCE, [sub]: SERVICE_PRINCIPAL, 'sts:RoleSessionName': 'ci' },
    };
    const path = file('session.json', policy(statement({ Condition })));
    const args = ['trust', 'check', path, '--provider-arn', PROVIDER_ARN];
    const input = tokenOf(claimsOf());
    expect((await run(args, { input })).stdout).toMatch(
      /^ {2}Only the call itself tells sts:RoleSessionName/m,
    );
    expect((await run([...args, '--session-name', 'ci'], { input })).exitCode).toBe(0);
  });

  it('prints the whole answer as one object with --json', async () => {
    const { json } = await check(tokenOf(claimsOf({ sub: MANAGED_IDENTITY })), '--json');
    expect(json()).toMatchObject({
      letIn: false,
      error: 'AccessDenied',
      code: 'SubjectNotTrusted',
      checks: [
        { check: 'issuer', outcome: 'ok' },
        {},
        { check: 'signature', outcome: 'unknown' },
        {},
        {},
        {},
      ],
      statements: [
        {
          index: 0,
          sid: 'Entra',
          effect: 'Allow',
          applies: false,
          conditions: [{ met: true }, { met: false }],
        },
      ],
      change: {
        wise: true,
        edits: [{ kind: 'add-value', statement: 0, value: MANAGED_IDENTITY }],
        policy: {
          Statement: [{ Condition: { StringEquals: { [sub]: [SERVICE_PRINCIPAL, MANAGED_IDENTITY] } } }],
        },
      },
    });
  });
});

describe('the token', () => {
  const args = ['trust', 'check', POLICY, '--provider-arn', PROVIDER_ARN];

  it('comes from a file, or as bare claims', async () => {
    const tokenFile = file('token', `${tokenOf(claimsOf())}\n`);
    const claims = file('claims.json', claimsOf());
    expect((await run([...args, '--token-file', tokenFile])).exitCode).toBe(0);
    expect((await run([...args, '--claims', claims])).exitCode).toBe(0);
    expect((await run([...args, '--claims', '-'], { input: JSON.stringify(claimsOf()) })).exitCode).toBe(0);
  });

  const secret = tokenOf(claimsOf({ jti: 'secret' }));
  it.each<[string, string[], string]>([
    ['as the policy', ['trust', 'check', secret, '--provider-arn', PROVIDER_ARN], ''],
    ['as the file of the token', [...args, '--token-file', secret], ''],
    ['as the file of the claims', [...args, '--claims', secret], ''],
    ['as the file of the provider', [...args, '--provider', secret], ''],
    ['as one argument too many', [...args, secret], ''],
    ['as an option', [...args, `--token=${secret}`], ''],
    ['broken, on standard input', args, secret.slice(0, -20).replace(/\.[^.]*$/, '')],
    ['as claims', [...args, '--claims', '-'], secret],
    [
      'as the policy, on standard input',
      ['trust', 'check', '-', '--provider-arn', PROVIDER_ARN, '--claims', file('c.json', claimsOf())],
      secret,
    ],
  ])('is refused and never shown %s', async (_, given, input) => {
    for (const json of [[], ['--json']]) {
      const { exitCode, stdout, stderr } = await run([...given, ...json], { input });
      expect(exitCode).toBe(2);
      for (const part of secret.split('.')) expect(`${stdout}${stderr}`).not.toContain(part);
    }
  });

  it('is never shown where it is refused, or let in', async () => {
    for (const changes of [{}, { sub: 'x' }, { aud: 'x' }, { iss: 'x' }]) {
      const token = tokenOf(claimsOf({ ...changes, jti: 'secret' }));
      const outputs = await Promise.all([check(token), check(token, '--json')]);
      for (const { stdout, stderr } of outputs) {
        for (const part of [...token.split('.'), 'secret']) expect(`${stdout}${stderr}`).not.toContain(part);
      }
    }
  });
});

describe('the provider', () => {
  const args = (provider: unknown) => {
    const path = file('provider.json', provider);
    return ['trust', 'check', POLICY, '--provider-arn', PROVIDER_ARN, '--provider', path];
  };
  const input = tokenOf(claimsOf());

  it('comes as GetOpenIDConnectProvider shows it', async () => {
    expect((await run(args(PROVIDER), { input })).exitCode).toBe(0);
    const { exitCode, stdout } = await run(args({ ...PROVIDER, ClientIDList: [] }), { input });
    expect([exitCode, stdout]).toEqual([1, expect.stringMatching(/^REFUSED \(InvalidIdentityToken\)/)]);
  });

  it.each([
    [
      'is another than --provider-arn names',
      { ...PROVIDER, Url: 'sts.windows.net/other/' },
      /is about sts\.windows\.net\/other/,
    ],
    ['has no list', { Url: PROVIDER.Url }, /ClientIDList/],
    ['is no object', [], /ClientIDList/],
  ])('is wrong input where it %s', async (_, provider, message) => {
    const { exitCode, stderr } = await run(args(provider), { input });
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it.each([
    ['not by its ARN', ['--provider-arn', 'sts.windows.net'], /^InvalidInput: ProviderArn/],
    ['twice', ['--client-id', 'x'], /cannot be used with/],
  ])('is not to be named %s', async (_, more, message) => {
    const { exitCode, stderr } = await run([...args(PROVIDER), ...more], { input });
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

it.each([
  ['policy and token both from standard input', ['-'], /both/],
  [
    'a policy that nobody understands',
    [file('odd.json', policy({ ...OWN, Odd: 1 }))],
    /^PolicyNotUnderstood/,
  ],
  ['a policy that is none', [file('none.json', '[]')], /^TrustPolicyUnreadable/],
])('takes %s for wrong input', async (_, given, message) => {
  const { exitCode, stderr } = await run(['trust', 'check', ...given, '--provider-arn', PROVIDER_ARN], {
    input: tokenOf(claimsOf()),
  });
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
});
