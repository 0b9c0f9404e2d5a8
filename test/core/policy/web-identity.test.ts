import { describe, expect, it } from 'vitest';
import { evaluateWebIdentityTrust, webIdentityContext } from '../../../core/policy/web-identity.ts';
import { policyOf } from './policies.ts';

const TENANT = '11111111-2222-4333-8444-555555555555';
const V1 = `sts.windows.net/${TENANT}/`;
const V2 = `login.microsoftonline.com/${TENANT}/v2.0`;
const arn = (path: string) => `arn:aws:iam::111122223333:oidc-provider/${path}`;
const SUBJECT = 'aaaaaaaa-0000-4000-8000-000000000001';
const AUDIENCE = 'api://aaaaaaaa-0000-4000-8000-000000000002';

const trust = (condition: object, provider = arn(V1)) => ({
  Effect: 'Allow',
  Principal: { Federated: provider },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: condition,
});
const pinned = trust({ StringEquals: { [`${V1}:aud`]: AUDIENCE, [`${V1}:sub`]: SUBJECT } });

describe("a token's condition keys", () => {
  it('are aud, sub, amr and email, after the path of the provider', () => {
    const claims = { aud: AUDIENCE, sub: SUBJECT, amr: ['pwd', 'mfa'], email: 'a@example.com', tid: TENANT };
    expect(webIdentityContext(arn(V1), claims)).toEqual({
      [`${V1}:aud`]: AUDIENCE,
      [`${V1}:sub`]: SUBJECT,
      [`${V1}:amr`]: ['pwd', 'mfa'],
      [`${V1}:email`]: 'a@example.com',
    });
  });

  it('hold the caller as aud and the audience as oaud where the token has azp', () => {
    const claims = { aud: AUDIENCE, azp: 'caller', sub: SUBJECT };
    expect(webIdentityContext(V2, claims)).toEqual({
      [`${V2}:aud`]: 'caller',
      [`${V2}:oaud`]: AUDIENCE,
      [`${V2}:sub`]: SUBJECT,
    });
  });

  it('are those that AWS gives the issuer as well, and no other', () => {
    const GITHUB = 'token.actions.githubusercontent.com';
    const claims = { sub: 'repo:acme/api:pull_request', repository_id: '7', event_name: 'pull_request' };
    expect(webIdentityContext(arn(GITHUB), claims)).toEqual({
      [`${GITHUB}:sub`]: 'repo:acme/api:pull_request',
      [`${GITHUB}:repository_id`]: '7',
    });
    const own = 'github.example.com/_services/token';
    expect(webIdentityContext(arn(own), claims)).toEqual({ [`${own}:sub`]: 'repo:acme/api:pull_request' });
  });

  it('leave out claims of another type', () => {
    expect(webIdentityContext(V1, { aud: 7, sub: { a: 'b' }, amr: [1], email: null })).toEqual({});
  });

  it('stand in other partitions too', () => {
    const keys = webIdentityContext(`arn:aws-us-gov:iam::111122223333:oidc-provider/${V1}`, { sub: SUBJECT });
    expect(Object.keys(keys)).toContain(`${V1}:sub`);
  });
});

describe('a web identity trust policy', () => {
  const enters = (statements: object[], claims: object, extra: object = {}) =>
    evaluateWebIdentityTrust({
      trustPolicy: policyOf('trust', ...statements),
      providerArn: arn(V1),
      claims: { ...claims },
      ...extra,
    }).allowed;
  const claims = { aud: AUDIENCE, sub: SUBJECT };

  it('lets in the token that it describes, and no other', () => {
    expect(enters([pinned], claims)).toBe(true);
    expect(enters([pinned], { ...claims, sub: 'another' })).toBe(false);
    expect(enters([pinned], { ...claims, aud: 'api://another' })).toBe(false);
    expect(enters([pinned], { aud: AUDIENCE })).toBe(false);
    expect(enters([pinned], {})).toBe(false);
  });

  it('tells providers apart to the last slash', () => {
    expect(enters([pinned], claims, { providerArn: arn(V1.slice(0, -1)) })).toBe(false);
  });

  it('compares the caller, not the audience, of a token with azp', () => {
    const v2 = trust({ StringEquals: { [`${V2}:aud`]: 'app', [`${V2}:oaud`]: 'app' } }, arn(V2));
    const extra = { providerArn: arn(V2) };
    expect(enters([v2], { aud: 'app', azp: 'app' }, extra)).toBe(true);
    expect(enters([v2], { aud: 'other', azp: 'app' }, extra)).toBe(false);
    expect(enters([v2], { aud: 'app', azp: 'other' }, extra)).toBe(false);
    expect(enters([v2], { aud: 'app' }, extra)).toBe(false);
  });

  it('does not let a token with several audiences pass for one of them', () => {
    expect(enters([pinned], { ...claims, aud: [AUDIENCE, 'api://another'] })).toBe(false);
    expect(enters([pinned], { ...claims, aud: [AUDIENCE] })).toBe(true);
  });

  it('may ask for the session name and the provider', () => {
    const statement = trust({
      StringLike: { 'sts:RoleSessionName': 'ci-*', 'aws:FederatedProvider': `*/${V1}` },
    });
    expect(enters([statement], claims, { sessionName: 'ci-7' })).toBe(true);
    expect(enters([statement], claims, { sessionName: 'x' })).toBe(false);
    expect(enters([statement], claims)).toBe(false);
  });

  it('is evaluated with further keys and for other actions', () => {
    const statement = trust({ StringEquals: { 'sts:SourceIdentity': 'me' } });
    expect(enters([statement], claims, { context: { 'sts:SourceIdentity': 'me' } })).toBe(true);
    expect(enters([pinned], claims, { action: 'sts:TagSession' })).toBe(false);
  });

  it('denies everybody who is denied, also under "*"', () => {
    const deny = { ...pinned, Effect: 'Deny', Principal: '*' };
    expect(enters([pinned, deny], claims)).toBe(false);
  });

  it('opens nothing to a provider by naming its account', () => {
    expect(enters([{ ...pinned, Principal: { AWS: '111122223333' } }], claims)).toBe(false);
  });

  it('is read from text', () => {
    const text = JSON.stringify({ Version: '2012-10-17', Statement: pinned });
    expect(evaluateWebIdentityTrust({ trustPolicy: text, providerArn: arn(V1), claims }).by).toMatchObject([
      { policy: 'trust policy', kind: 'resource', statement: 0 },
    ]);
  });
});
