import { CfnResource, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { CiProvider } from '../../../lib/ci/index.ts';
import { ARN, newStack } from './stacks.ts';

type Make = (stack: ReturnType<typeof newStack>) => CiProvider;
const UUID = '0f1f2f3f-0000-4000-8000-000000000000';

describe('a provider', () => {
  it.each<[string, Make, string, string]>([
    ['github', (s) => CiProvider.github(s, 'P'), 'token.actions.githubusercontent.com', 'sts.amazonaws.com'],
    [
      'an enterprise',
      (s) => CiProvider.github(s, 'P', { enterprise: 'acme' }),
      'token.actions.githubusercontent.com/acme',
      'sts.amazonaws.com',
    ],
    [
      'data residency',
      (s) => CiProvider.github(s, 'P', { host: 'acme.ghe.com' }),
      'token.actions.acme.ghe.com',
      'sts.amazonaws.com',
    ],
    [
      'Enterprise Server',
      (s) => CiProvider.github(s, 'P', { host: 'git.acme.example' }),
      'git.acme.example/_services/token',
      'sts.amazonaws.com',
    ],
    ['gitlab.com', (s) => CiProvider.gitlab(s, 'P'), 'gitlab.com', 'https://gitlab.com'],
    [
      'an instance',
      (s) => CiProvider.gitlab(s, 'P', { host: 'code.acme.example' }),
      'code.acme.example',
      'https://code.acme.example',
    ],
    ['HCP Terraform', (s) => CiProvider.hcpTerraform(s, 'P'), 'app.terraform.io', 'aws.workload.identity'],
    [
      'Terraform Enterprise',
      (s) => CiProvider.hcpTerraform(s, 'P', { host: 'tfe.acme.example' }),
      'tfe.acme.example',
      'aws.workload.identity',
    ],
    [
      'Bitbucket',
      (s) => CiProvider.bitbucket(s, 'P', { workspace: 'acme', workspaceUuid: UUID }),
      'api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc',
      `ari:cloud:bitbucket::workspace/${UUID}`,
    ],
    ['CircleCI', (s) => CiProvider.circleci(s, 'P', { orgId: UUID }), `oidc.circleci.com/org/${UUID}`, UUID],
    [
      'Azure DevOps',
      (s) => CiProvider.azureDevOps(s, 'P', { organizationId: UUID }),
      `vstoken.dev.azure.com/${UUID}`,
      'api://AzureADTokenExchange',
    ],
    ['Buildkite', (s) => CiProvider.buildkite(s, 'P'), 'agent.buildkite.com', 'sts.amazonaws.com'],
    [
      'EKS',
      (s) =>
        CiProvider.kubernetes(s, 'P', { issuerUrl: 'https://oidc.eks.eu-central-1.amazonaws.com/id/0123' }),
      'oidc.eks.eu-central-1.amazonaws.com/id/0123',
      'sts.amazonaws.com',
    ],
    [
      'a cluster whose URL ends in a slash',
      (s) => CiProvider.kubernetes(s, 'P', { issuerUrl: 'https://keys.acme.example/cluster/' }),
      'keys.acme.example/cluster/',
      'sts.amazonaws.com',
    ],
  ])(
    'of %s is created for its URL and audience, without thumbprints, and stays',
    (_, make, path, audience) => {
      const stack = newStack();
      const provider = make(stack);
      expect(provider.issuer.path).toBe(path);
      expect(provider.audiences).toEqual([audience]);
      Template.fromStack(stack).templateMatches({
        Resources: {
          [stack.getLogicalId(provider.node.findChild('Resource').node.defaultChild as never)]: {
            Type: 'AWS::IAM::OIDCProvider',
            Properties: { Url: `https://${path}`, ClientIdList: [audience] },
            DeletionPolicy: 'Retain',
            UpdateReplacePolicy: 'Retain',
          },
        },
      });
      const [resource] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::OIDCProvider'));
      expect(resource?.Properties).not.toHaveProperty('ThumbprintList');
    },
  );

  it.each<[string, Make, string]>([
    ['by ARN', (s) => CiProvider.gitlab(s, 'P', { existingArn: `${ARN}gitlab.com` }), `${ARN}gitlab.com`],
    [
      'with account and partition as tokens',
      (s) =>
        CiProvider.buildkite(s, 'P', {
          existingArn: `arn:${s.partition}:iam::${s.account}:oidc-provider/agent.buildkite.com`,
        }),
      ':oidc-provider/agent.buildkite.com',
    ],
    [
      'that every account knows',
      (s) => CiProvider.google(s, 'P', { audiences: ['aws'] }),
      'accounts.google.com',
    ],
  ])('is adopted %s, and nothing is created', (_, make, arn) => {
    const stack = newStack();
    expect(make(stack).arn).toContain(arn);
    expect(stack.node.findAll().filter((node) => CfnResource.isCfnResource(node))).toEqual([]);
  });

  it('has the audiences that are wanted', () => {
    const stack = newStack();
    CiProvider.github(stack, 'P', { audiences: ['sts.amazonaws.com.cn', 'other'] });
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::OIDCProvider', {
      ClientIdList: ['sts.amazonaws.com.cn', 'other'],
    });
  });

  const token = Token.asString({ 'Fn::GetAtt': ['Cluster', 'OpenIdConnectIssuerUrl'] });
  it.each<[string, Make, string]>([
    [
      'a URL that is a token',
      (s) => CiProvider.kubernetes(s, 'P', { issuerUrl: token }),
      'the URL of Kubernetes is a CDK token',
    ],
    [
      'an ARN that is a token',
      (s) => CiProvider.gitlab(s, 'P', { existingArn: token }),
      'existingArn: expected the ARN of an OIDC provider',
    ],
    [
      'a URL for an ARN',
      (s) => CiProvider.gitlab(s, 'P', { existingArn: 'https://gitlab.com' }),
      'existingArn: expected the ARN of an OIDC provider',
    ],
    [
      'the provider of another issuer',
      (s) => CiProvider.github(s, 'P', { existingArn: `${ARN}gitlab.com` }),
      'gitlab.com is not a provider of GitHub Actions',
    ],
    [
      'a shared issuer for an own one',
      (s) => CiProvider.kubernetes(s, 'P', { issuerUrl: 'https://gitlab.com' }),
      'gitlab.com is not a provider of Kubernetes',
    ],
    [
      'an enterprise on Enterprise Server',
      (s) => CiProvider.github(s, 'P', { host: 'git.acme.example', enterprise: 'acme' }),
      'is not a provider of GitHub Actions',
    ],
    [
      'a port',
      (s) => CiProvider.gitlab(s, 'P', { host: 'code.acme.example:8443' }),
      'is not what follows oidc-provider/',
    ],
    [
      'http',
      (s) => CiProvider.kubernetes(s, 'P', { issuerUrl: 'http://keys.acme.example' }),
      'is not what follows oidc-provider/',
    ],
    ['a wildcard', (s) => CiProvider.circleci(s, 'P', { orgId: '*' }), 'is not what follows oidc-provider/'],
  ])('is refused for %s', (_, make, message) => {
    expect(() => make(newStack())).toThrow(
      expect.objectContaining({ code: 'InvalidInput', message: expect.stringContaining(message) }),
    );
  });
});
