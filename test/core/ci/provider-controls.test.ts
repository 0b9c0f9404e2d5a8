import { describe, expect, it } from 'vitest';
import { missingControl } from '../../../core/ci/provider-controls.ts';
import { policyOf } from '../policy/policies.ts';

const arn = (path: string) => `arn:aws:iam::111122223333:oidc-provider/${path}`;
const GITHUB = 'token.actions.githubusercontent.com';

function missing(path: string, condition?: object, more: object = {}) {
  const statement = {
    Effect: 'Allow',
    Principal: { Federated: arn(path) },
    Action: 'sts:AssumeRoleWithWebIdentity',
    ...(condition && { Condition: condition }),
    ...more,
  };
  return missingControl(policyOf('trust', statement));
}
const githubSub = (...values: string[]) => ({ StringLike: { [`${GITHUB}:sub`]: values } });

describe('what IAM demands of a trust policy on a shared issuer', () => {
  it('names the principal and the keys of which one is needed', () => {
    expect(missing(GITHUB)).toMatchObject({
      principal: arn(GITHUB),
      keys: [`${GITHUB}:sub`, `${GITHUB}:job_workflow_ref`],
    });
  });

  it.each<[string, object]>([
    ['*', githubSub('*')],
    ['* before others', githubSub('*', 'repo:acme/api:*')],
    ['what begins with *', githubSub('*:ref:refs/heads/main')],
    ['nothing', githubSub('')],
    [
      'sub beside an open job_workflow_ref',
      { StringLike: { [`${GITHUB}:sub`]: 'repo:acme/api:*', [`${GITHUB}:job_workflow_ref`]: '*' } },
    ],
    ['another claim alone', { StringEquals: { [`${GITHUB}:repository`]: 'acme/api' } }],
    ['aud alone', { StringEquals: { [`${GITHUB}:aud`]: 'sts.amazonaws.com' } }],
    ['a negative operator', { StringNotEquals: { [`${GITHUB}:sub`]: 'repo:acme/api' } }],
    ['IfExists', { StringEqualsIfExists: { [`${GITHUB}:sub`]: 'repo:acme/api' } }],
    ['the key of another issuer', { StringEquals: { 'gitlab.com:sub': 'project_path:acme/api' } }],
  ])('refuses %s', (_, condition) => {
    expect(missing(GITHUB, condition)).toBeDefined();
  });

  it.each<[string, object]>([
    ['one exact subject', githubSub('repo:acme/api:environment:production')],
    // As text it is not everything, though it lets everybody in.
    ['repo:*', githubSub('repo:*')],
    ['* after others, which it does not read', githubSub('repo:acme/api:*', '*')],
    [
      'job_workflow_ref',
      { StringEquals: { [`${GITHUB}:job_workflow_ref`]: 'acme/flows/x.yml@refs/heads/main' } },
    ],
    ['the key in another case', { StringEqualsIgnoreCase: { [`${GITHUB}:SUB`]: 'repo:acme/api' } }],
    [
      'an open value under another operator beside a scoped one',
      { StringLike: { [`${GITHUB}:sub`]: '*' }, StringEquals: { [`${GITHUB}:sub`]: 'repo:acme/api' } },
    ],
  ])('accepts %s', (_, condition) => {
    expect(missing(GITHUB, condition)).toBeUndefined();
  });

  it.each([
    ['gitlab.com', 'gitlab.com:sub'],
    ['app.terraform.io', 'app.terraform.io:sub'],
    ['agent.buildkite.com', 'agent.buildkite.com:sub'],
    ['api.pulumi.com/oidc', 'api.pulumi.com/oidc:aud'],
    [`${GITHUB}/acme`, `${GITHUB}/acme:sub`],
    ['sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/', 'sts:RoleSessionName'],
  ])('holds for %s', (path, key) => {
    expect(missing(path)?.keys).toContain(key);
    expect(missing(path, { StringEquals: { [key]: 'acme' } })).toBeUndefined();
  });

  it.each([
    ['an instance of one’s own', 'gitlab.example.com', {}],
    ['a cluster', 'oidc.eks.us-east-1.amazonaws.com/id/0123', {}],
    ['a tenant of Entra', 'sts.windows.net/11111111-2222-4333-8444-555555555555/', {}],
    ['a Deny', GITHUB, { Effect: 'Deny' }],
    ['a statement about something else', GITHUB, { Action: 'sts:TagSession' }],
  ])('does not hold for %s', (_, path, more) => {
    expect(missing(path, undefined, more)).toBeUndefined();
  });

  it('looks at every statement', () => {
    const open = { Effect: 'Allow', Principal: { Federated: arn('gitlab.com') }, Action: 'sts:*' };
    const fine = { ...open, Condition: { StringEquals: { 'gitlab.com:sub': 'project_path:acme/api' } } };
    expect(missingControl(policyOf('trust', fine, open))?.principal).toBe(arn('gitlab.com'));
  });
});
