import { RemovalPolicy, Token } from 'aws-cdk-lib';
import { OidcProviderNative } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { azureDevOps } from '../../core/ci/azure-devops.ts';
import { bitbucket } from '../../core/ci/bitbucket.ts';
import { buildkite } from '../../core/ci/buildkite.ts';
import { circleci } from '../../core/ci/circleci.ts';
import { github } from '../../core/ci/github.ts';
import { gitlab } from '../../core/ci/gitlab.ts';
import { google } from '../../core/ci/google.ts';
import { hcpTerraform } from '../../core/ci/hcp-terraform.ts';
import type { Issuer, IssuerKind } from '../../core/ci/issuer.ts';
import { issuerAt, providerPathOf } from '../../core/ci/issuers.ts';
import { kubernetes } from '../../core/ci/kubernetes.ts';
import { FactoryError } from '../../core/errors.ts';
import type { NonEmpty } from './subject.ts';

/** A provider that exists in the account already; `existingArn` may leave partition and account to deployment. */
export interface AdoptedProvider {
  readonly existingArn: string;
}

export interface CommonProviderProps {
  /**
   * Whom tokens may be made out to; the first is the roles' default. An adopted provider must list them already.
   * @default what the issuer's tokens for AWS usually carry
   */
  readonly audiences?: NonEmpty<string>;
}

type Located<T> = CommonProviderProps & (T | AdoptedProvider);

export type GitHubProviderProps = Located<{
  /** A host of one's own: Enterprise Server, or an enterprise with data residency (`acme.ghe.com`). @default github.com */
  readonly host?: string;
  /** Slug of an enterprise that has an issuer of its own. */
  readonly enterprise?: string;
}>;
/** `host` of a self-managed instance or of Terraform Enterprise. */
export type HostedProviderProps = Located<{ readonly host?: string }>;
/** Of Bitbucket's workspace. The UUID without braces; it makes the default audience. */
export type BitbucketProviderProps = Located<{ readonly workspace: string }> & {
  readonly workspaceUuid: string;
};
export type CircleProviderProps = Located<{ readonly orgId: string }>;
/** `organizationId`: the GUID in the connection's issuer. */
export type AzureDevOpsProviderProps = Located<{ readonly organizationId: string }>;
export type BuildkiteProviderProps = Located<object>;
/** `issuerUrl` as the cluster's tokens carry it, known at synthesis. */
export type KubernetesProviderProps = Located<{ readonly issuerUrl: string }>;
export interface GoogleProviderProps {
  readonly audiences: NonEmpty<string>;
}

type Kind = Pick<IssuerKind, 'id' | 'name' | 'at' | 'anywhere'>;

/**
 * An issuer that the account trusts: created as an IAM OIDC provider without thumbprints, which AWS does not need, and
 * retained when the stack goes, since others may have come to use it; or adopted by its ARN. An account has one provider
 * for each URL, and a second stack that creates it again can delete the first one's: adopt what exists.
 *
 * Every factory method throws FactoryError InvalidInput for what is not an issuer of its kind.
 */
export class CiProvider extends Construct {
  readonly issuer: Issuer;
  /** What a trust policy names as `Federated`. */
  readonly arn: string;
  readonly audiences: NonEmpty<string>;

  private constructor(
    scope: Construct,
    id: string,
    kind: Kind,
    props: CommonProviderProps & { readonly path: string; readonly existingArn?: string | undefined },
  ) {
    super(scope, id);
    const { path, existingArn } = props;
    checkPath(kind, path);
    this.issuer = issuerOf(kind, path);
    const audience = this.issuer.audience;
    const audiences = props.audiences ?? (audience === undefined ? undefined : ([audience] as const));
    if (audiences === undefined) throw invalid('audiences: expected at least one');
    this.audiences = audiences;
    this.arn =
      existingArn ??
      new OidcProviderNative(this, 'Resource', {
        url: `https://${path}`,
        clientIds: [...audiences],
        removalPolicy: RemovalPolicy.RETAIN,
      }).oidcProviderArn;
  }

  static github(scope: Construct, id: string, props: GitHubProviderProps = {}): CiProvider {
    const located = locate(props, ({ host = 'github.com', enterprise }) => {
      const own = enterprise === undefined ? '' : `/${enterprise}`;
      if (host === 'github.com') return `token.actions.githubusercontent.com${own}`;
      return host.endsWith('.ghe.com') ? `token.actions.${host}${own}` : `${host}/_services/token${own}`;
    });
    return new CiProvider(scope, id, github, located);
  }

  static gitlab(scope: Construct, id: string, props: HostedProviderProps = {}): CiProvider {
    return new CiProvider(
      scope,
      id,
      gitlab,
      locate(props, ({ host = 'gitlab.com' }) => host),
    );
  }

  static hcpTerraform(scope: Construct, id: string, props: HostedProviderProps = {}): CiProvider {
    return new CiProvider(
      scope,
      id,
      hcpTerraform,
      locate(props, ({ host = 'app.terraform.io' }) => host),
    );
  }

  static bitbucket(scope: Construct, id: string, props: BitbucketProviderProps): CiProvider {
    const { workspaceUuid, ...rest } = props;
    const located = locate(
      rest as Located<{ workspace: string }>,
      ({ workspace }) => `api.bitbucket.org/2.0/workspaces/${workspace}/pipelines-config/identity/oidc`,
    );
    return new CiProvider(scope, id, bitbucket, {
      audiences: [`ari:cloud:bitbucket::workspace/${workspaceUuid}`],
      ...located,
    });
  }

  static circleci(scope: Construct, id: string, props: CircleProviderProps): CiProvider {
    return new CiProvider(
      scope,
      id,
      circleci,
      locate(props, ({ orgId }) => `oidc.circleci.com/org/${orgId}`),
    );
  }

  static azureDevOps(scope: Construct, id: string, props: AzureDevOpsProviderProps): CiProvider {
    const located = locate(props, ({ organizationId }) => `vstoken.dev.azure.com/${organizationId}`);
    return new CiProvider(scope, id, azureDevOps, located);
  }

  static buildkite(scope: Construct, id: string, props: BuildkiteProviderProps = {}): CiProvider {
    return new CiProvider(
      scope,
      id,
      buildkite,
      locate(props, () => 'agent.buildkite.com'),
    );
  }

  /** For a cluster of the same app CDK has `cluster.addServiceAccount`: its URL is not known before deployment. */
  static kubernetes(scope: Construct, id: string, props: KubernetesProviderProps): CiProvider {
    const located = locate(props, ({ issuerUrl }) => issuerUrl.replace(/^https:\/\//, ''));
    return new CiProvider(scope, id, kubernetes, located);
  }

  /** Every account knows Google: nothing is created. `audiences` are what service accounts ask tokens for. */
  static google(scope: Construct, id: string, props: GoogleProviderProps): CiProvider {
    const path = 'accounts.google.com';
    return new CiProvider(scope, id, google, { ...props, path, existingArn: path });
  }
}

function locate<T extends object>(
  props: Located<T>,
  pathOf: (props: T) => string,
): CommonProviderProps & { readonly path: string; readonly existingArn?: string | undefined } {
  const { existingArn } = props as Partial<AdoptedProvider>;
  if (existingArn === undefined) return { ...props, path: pathOf(props as T) };
  if (!existingArn.includes(':oidc-provider/')) {
    throw invalid('existingArn: expected the ARN of an OIDC provider, its URL known at synthesis');
  }
  return { ...props, path: providerPathOf(existingArn) };
}

const invalid = (problem: string): FactoryError => new FactoryError('InvalidInput', `CiProvider: ${problem}`);

/** IAM takes no port, no query and no wildcard, and at most 255 characters with the scheme. */
function checkPath({ name }: Kind, path: string): void {
  if (Token.isUnresolved(path)) {
    throw invalid(
      `the URL of ${name} is a CDK token: condition keys are made of it, so it must be known at synthesis`,
    );
  }
  if (!/^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\/[\w.~/-]+)?$/i.test(path) || path.length > 247) {
    throw invalid(`${path} is not what follows oidc-provider/ in an ARN`);
  }
}

function issuerOf(kind: Kind, path: string): Issuer {
  const known = issuerAt(path);
  // GitHub's hosts tell themselves: elsewhere it is another forge.
  const anywhere = kind.id !== 'github' && known.id === 'other' && !known.shared ? kind.anywhere : undefined;
  const issuer = kind.at(path) ?? anywhere?.at(path);
  if (issuer === undefined) throw invalid(`${path} is not a provider of ${kind.name}`);
  return issuer;
}
