/** The issuers that AWS can trust directly, and which of them is behind a provider. */
import { azureDevOps } from './azure-devops.ts';
import { bitbucket } from './bitbucket.ts';
import { buildkite } from './buildkite.ts';
import { circleci } from './circleci.ts';
import { cognito } from './cognito.ts';
import { entra } from './entra.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { google } from './google.ts';
import { hcpTerraform } from './hcp-terraform.ts';
import type { Issuer, IssuerKind } from './issuer.ts';
import { kubernetes } from './kubernetes.ts';
import { otherIssuer } from './other.ts';

const KINDS: readonly Pick<IssuerKind, 'at' | 'anywhere'>[] = [
  github,
  gitlab,
  hcpTerraform,
  bitbucket,
  circleci,
  azureDevOps,
  buildkite,
  kubernetes,
  google,
  entra,
  cognito,
];

/** What follows `oidc-provider/` in a provider's ARN; the name itself where it is no ARN, without scheme. */
export const providerPathOf = (provider: string): string =>
  provider.replace(/^.*:oidc-provider\//s, '').replace(/^https?:\/\//, '');

/**
 * The issuer behind a provider.
 * @param path what follows `oidc-provider/` in its ARN.
 * @param subjects of its tokens, or patterns for them: they tell issuers that run on anybody's host.
 * @param hosted whether the path is not known at all, so that subjects tell what they can.
 */
export function issuerAt(path: string, subjects: readonly string[] = [], hosted = false): Issuer {
  const known = KINDS.map((kind) => kind.at(path)).find((issuer) => issuer !== undefined);
  if (known !== undefined) return known;
  const kind = KINDS.find(({ anywhere }) => subjects.some((subject) => anywhere?.subjects.test(subject)));
  return kind?.anywhere?.at(path, hosted) ?? otherIssuer(path);
}
