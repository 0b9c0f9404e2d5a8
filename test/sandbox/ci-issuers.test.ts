import { CreateOpenIDConnectProviderCommand, CreateRoleCommand } from '@aws-sdk/client-iam';
import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CiIssuers, ciIssuerHosts, createCiIssuers, isHostOf } from '../../sandbox/ci-issuers.ts';
import { ACCOUNT, errorOf, type Harness, startHarness, trust } from './aws/wire-harness.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';
const SUBJECT = 'repo:acme/api:environment:production';
const REPOSITORY = { repository_id: '7', repository_owner_id: '1', ref: 'refs/heads/main' };

let harness: Harness;
let issuers: CiIssuers;
const published = new Map<string, (path: string) => unknown>();
beforeAll(async () => {
  harness = await startHarness();
  issuers = createCiIssuers({
    hosts: ciIssuerHosts('us-east-1'),
    now: () => Date.now(),
    publish: (host, document) => published.set(host, document),
  });
});
afterAll(() => harness.close());

const tokenFor = (claims: object = {}, issuer = GITHUB) =>
  issuers.token({ issuer, claims: { sub: SUBJECT, aud: 'sts.amazonaws.com', ...claims } });

/** The documents of the issuer, where STS of the harness finds them. */
function publish(issuer: string): void {
  const { host, pathname } = new URL(issuer);
  for (const document of ['openid-configuration', 'jwks']) {
    const path = `${pathname.replace(/\/$/, '')}/.well-known/${document}`;
    harness.issuers.set(`https://${host}${path}`, published.get(host)?.(path));
  }
}

async function role(
  name: string,
  claims: Record<string, string>,
  path = 'token.actions.githubusercontent.com',
) {
  const { Role } = await harness.iamClient().send(
    new CreateRoleCommand({
      RoleName: name,
      AssumeRolePolicyDocument: trust({
        Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${path}` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: Object.fromEntries(Object.entries(claims).map(([k, v]) => [`${path}:${k}`, v])),
        },
      }),
    }),
  );
  return (token: string) =>
    harness.stsClient().send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: Role?.Arn,
        RoleSessionName: 'run-7',
        WebIdentityToken: token,
      }),
    );
}

describe('a played issuer', () => {
  beforeAll(async () => {
    await tokenFor();
    publish(GITHUB);
    const provider = { Url: GITHUB, ClientIDList: ['sts.amazonaws.com'] };
    await harness.iamClient().send(new CreateOpenIDConnectProviderCommand(provider));
  });

  it('says what was asked for, and what is its own', async () => {
    const token = await issuers.token({
      issuer: GITHUB,
      claims: { sub: SUBJECT, aud: 'sts.amazonaws.com', run_id: '42' },
      seconds: 60,
    });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ iss: GITHUB, sub: SUBJECT, aud: 'sts.amazonaws.com', run_id: '42' });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
  });

  it('is believed by STS, as far as AWS compares its claims', async () => {
    const enter = await role('listed', { sub: SUBJECT, repository_id: '7', ref: 'refs/heads/main' });
    await enter(await tokenFor(REPOSITORY));
    const denied = { name: 'AccessDenied' };
    expect(await errorOf(enter(await tokenFor({ ...REPOSITORY, repository_id: '8' })))).toMatchObject(denied);
    expect(await errorOf(enter(await tokenFor()))).toMatchObject(denied);
  });

  it('says more than AWS compares', async () => {
    const enter = await role('unlisted', { sub: SUBJECT, event_name: 'push' });
    expect(await errorOf(enter(await tokenFor({ event_name: 'push' })))).toMatchObject({
      name: 'AccessDenied',
    });
  });

  it.each([
    ['https://code.example.com', 'project_path:acme/api:ref_type:branch:ref:main'],
    ['https://tfe.example.com', 'organization:acme:project:Web:workspace:api:run_phase:plan'],
    ['https://git.example.com/_services/token', 'repo:acme/api:pull_request'],
    ['https://keys.example.com/cluster', 'system:serviceaccount:web:deployer'],
  ])('may run on a host of one’s own: %s', async (issuer, sub) => {
    expect(decodeJwt(await tokenFor({ sub }, issuer))).toMatchObject({ iss: issuer, sub });
  });

  it('does not sign for another', async () => {
    const cluster = 'https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF';
    const claims = { sub: 'system:serviceaccount:web:deployer' };
    const token = await tokenFor(claims, cluster);
    const provider = { Url: cluster, ClientIDList: ['sts.amazonaws.com'] };
    await harness.iamClient().send(new CreateOpenIDConnectProviderCommand(provider));
    const enter = await role('pod', claims, cluster.slice('https://'.length));
    publish(cluster);
    await enter(token);
    const jwks = `${cluster}/.well-known/jwks`;
    harness.issuers.set(jwks, published.get('token.actions.githubusercontent.com')?.('/.well-known/jwks'));
    expect(await errorOf(enter(token))).toMatchObject({ name: 'InvalidIdentityTokenException' });
  });
});

describe('tokens that no issuer would give', () => {
  it.each<[string, unknown, string]>([
    ['no object', 7, 'token: expected an object'],
    ['a host that is not played', { issuer: 'https://ci.acme.test' }, 'token.issuer: expected an https URL'],
    ['no TLS', { issuer: 'http://gitlab.com' }, 'token.issuer: expected an https URL'],
    ['a port', { issuer: 'https://gitlab.com:444' }, 'token.issuer: expected an https URL'],
    ['a query', { issuer: 'https://gitlab.com/?a' }, 'token.issuer: expected an https URL'],
    ['an unknown path', { issuer: 'https://oidc.circleci.com/org' }, 'token.issuer: no issuer'],
    ['a path below a known one', { issuer: 'https://agent.buildkite.com/x' }, 'token.issuer: no issuer'],
    [
      'subjects of nobody',
      { issuer: 'https://ci.example.com', claims: { sub: 'x' } },
      'token.issuer: no issuer',
    ],
    [
      'a subject of another issuer',
      { issuer: 'https://gitlab.com' },
      'token.claims.sub: GitLab CI/CD writes no such',
    ],
    [
      'a subject that GitHub never writes',
      { claims: { sub: 'repo:acme' } },
      'token.claims.sub: GitHub Actions',
    ],
    ['no subject', { claims: { sub: undefined } }, 'token.claims.sub: expected a string'],
    ['no audience', { claims: { aud: undefined } }, 'token.claims.aud: expected a string'],
    ['a time of its own', { claims: { exp: 1 } }, 'token.claims.exp: is the issuer’s own'],
    ['a token for ever', { seconds: 1e9 }, 'token.seconds: expected 1 to 86400'],
    ['a member that nothing reads', { alg: 'none' }, 'token.alg: not interpreted'],
  ])('are refused: %s', async (_, request, message) => {
    const claims = { sub: SUBJECT, aud: 'sts.amazonaws.com' };
    const whole =
      typeof request === 'object' && request !== null
        ? {
            issuer: GITHUB,
            ...request,
            claims: { ...claims, ...('claims' in request ? (request.claims as object) : {}) },
          }
        : request;
    const error = await errorOf(issuers.token(whole));
    expect(error.message).toContain(message);
  });
});

describe('the trust policy of a role on a shared issuer', () => {
  it('is refused by IAM without a subject', async () => {
    expect(await errorOf(role('open', { aud: 'sts.amazonaws.com' }))).toEqual({
      name: 'MalformedPolicyDocumentException',
      message: `Trust policy with trusted principal arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, token.actions.githubusercontent.com:sub or token.actions.githubusercontent.com:job_workflow_ref which is not scoped to all.`,
    });
  });
});

it.each([
  ['gitlab.example.com', true],
  ['example.com', false],
  ['a.b.example.com', false],
  ['gitlab.com', true],
  ['evil-gitlab.com', false],
])('%s is a host of theirs: %s', (host, expected) => {
  expect(isHostOf(ciIssuerHosts('us-east-1'), host)).toBe(expected);
});
