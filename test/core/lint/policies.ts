/** Trust policies on each kind of issuer, for tests that change one thing about them. */

import { type LintResult, lint } from '../../../core/lint/lint.ts';
import type { LintSettings, RoleFacts } from '../../../core/lint/role-facts.ts';

export const ACCOUNT = '111122223333';
export const TODAY = '2026-11-20';
export const SETTINGS: LintSettings = { today: TODAY };

export const arnOf = (path: string): string => `arn:aws:iam::${ACCOUNT}:oidc-provider/${path}`;

export const GITHUB = 'token.actions.githubusercontent.com';
export const GITLAB = 'gitlab.com';
export const HCP = 'app.terraform.io';
export const BITBUCKET = 'api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc';
export const CIRCLE_ORG = '2a3b4c5d-1111-2222-3333-444455556666';
export const CIRCLE = `oidc.circleci.com/org/${CIRCLE_ORG}`;
export const AZURE_DEVOPS = 'vstoken.dev.azure.com/1d1d1d1d-2222-4333-8444-555555555555';
export const BUILDKITE = 'agent.buildkite.com';
export const EKS = 'oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';
export const GOOGLE = 'accounts.google.com';
export const ENTRA = 'sts.windows.net/11111111-2222-4333-8444-555555555555/';
export const ENTRA_V2 = 'login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0';
export const COGNITO = 'cognito-identity.amazonaws.com';

/** The audience that each issuer's tokens for AWS carry here. */
const AUDIENCES: Readonly<Record<string, string>> = {
  [GITLAB]: 'https://gitlab.com',
  [HCP]: 'aws.workload.identity',
  [BITBUCKET]: 'ari:cloud:bitbucket::workspace/922e118c-f34f-4226-a897-0e0afbec553d',
  [CIRCLE]: CIRCLE_ORG,
  [AZURE_DEVOPS]: 'api://AzureADTokenExchange',
  [ENTRA]: 'api://a9900000-0000-4000-8000-000000000001',
};

type Conditions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** An Allow for the provider; condition keys are claims, or whole keys where they have a colon. */
export function statement(
  path: string,
  conditions: Conditions = {},
  rest: object = {},
): Readonly<Record<string, unknown>> {
  const condition = Object.fromEntries(
    Object.entries(conditions).map(([operator, block]) => [
      operator,
      Object.fromEntries(
        Object.entries(block).map(([claim, value]) => [
          claim.includes(':') ? claim : `${path}:${claim}`,
          value,
        ]),
      ),
    ]),
  );
  return {
    Effect: 'Allow',
    Principal: {
      Federated: path.includes('/') || path.includes('github') || !isBuiltIn(path) ? arnOf(path) : path,
    },
    Action: 'sts:AssumeRoleWithWebIdentity',
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
    ...rest,
  };
}

const isBuiltIn = (path: string): boolean => path === GOOGLE || path === COGNITO;

export const audienceOf = (path: string): string => AUDIENCES[path] ?? 'sts.amazonaws.com';

/** The same with the usual audience; `sub` under StringLike where it has a wildcard. */
export function subject(
  path: string,
  sub: string | readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const values = [sub].flat();
  const like = values.some((value) => /[*?]/.test(value));
  const fixed = { aud: audienceOf(path), ...more };
  return statement(
    path,
    like ? { StringEquals: fixed, StringLike: { sub } } : { StringEquals: { ...fixed, sub } },
  );
}

export const policy = (...statements: readonly object[]) => ({
  Version: '2012-10-17',
  Statement: statements as readonly Readonly<Record<string, unknown>>[],
});

export const linted = (
  trustPolicy: string | object,
  facts?: RoleFacts,
  settings: LintSettings = SETTINGS,
): LintResult => lint({ name: 'role', trustPolicy, ...(facts && { facts }) }, settings);

/** What fires, in the table's order. */
export const rulesOf = (result: LintResult): string[] =>
  [...new Set(result.findings.map(({ rule }) => rule))].sort();
