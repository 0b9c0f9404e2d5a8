/**
 * What IAM itself demands of a trust policy on an issuer that many customers share, when a role is created or its trust
 * replaced. What stood before June 2025 is not looked at again.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
 */
import { matchesAction } from '../policy/match.ts';
import type { Condition, Policy, Statement } from '../policy/types.ts';
import { providerPathOf } from './issuers.ts';

/** The claims of which one must be compared, by provider path. */
const CONTROLS: Readonly<Record<string, readonly string[]>> = {
  'vstoken.actions.githubusercontent.com': ['sub'],
  'oidc-configuration.audit-log.githubusercontent.com': ['sub'],
  'gitlab.com': ['sub'],
  'app.terraform.io': ['sub'],
  'agent.buildkite.com': ['sub'],
  'oidc.codefresh.io': ['sub'],
  'studio.datachain.ai/api': ['sub'],
  'scalr.io': ['sub'],
  'tokens.cloud.shisho.dev': ['sub'],
  'proidc.upbound.io': ['sub'],
  'oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb': ['sub'],
  'api.pulumi.com/oidc': ['aud'],
  'oidc.vercel.com': ['aud'],
  'sandboxes.cloud': ['aud'],
  'cognito-identity.amazonaws.com': ['aud'],
  'sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d': ['sts:RoleSessionName'],
};

/** Enterprises' own issuers below it included. */
const GITHUB = /^token\.actions\.githubusercontent\.com(?:\/|$)/;

function keysFor(principal: string): readonly string[] {
  const path = providerPathOf(principal);
  const claims = GITHUB.test(path)
    ? ['sub', 'job_workflow_ref']
    : (CONTROLS[path] ?? CONTROLS[path.replace(/\/$/, '')] ?? []);
  return claims.map((claim) => (claim.startsWith('sts:') ? claim : `${path}:${claim}`));
}

/** A principal that a policy must not name without comparing one of the keys. */
export interface MissingControl {
  readonly principal: string;
  readonly keys: readonly string[];
}

/** The first thing for which IAM refuses the trust policy; undefined where it accepts it. */
export function missingControl(policy: Policy): MissingControl | undefined {
  return policy.statements
    .filter(admitsTokens)
    .flatMap((statement) =>
      (statement.principal?.federated ?? []).map((principal) => ({
        principal,
        keys: keysFor(principal),
        statement,
      })),
    )
    .find(({ keys, statement }) => keys.length > 0 && !isControlled(statement, keys));
}

function admitsTokens({ effect, action, notAction }: Statement): boolean {
  const covers = (patterns: readonly string[]) =>
    patterns.some((pattern) => matchesAction(pattern, 'sts:AssumeRoleWithWebIdentity'));
  return effect === 'Allow' && (action === undefined ? !covers(notAction ?? []) : covers(action));
}

const OPERATORS: ReadonlySet<string> = new Set(['StringEquals', 'StringLike', 'StringEqualsIgnoreCase']);

/** Whether one operator compares at least one of the keys, and none of them with anything at all. */
function isControlled({ conditions }: Statement, keys: readonly string[]): boolean {
  const lower = keys.map((key) => key.toLowerCase());
  const relevant = conditions.filter(
    ({ operator, key }) => OPERATORS.has(operator) && lower.includes(key.toLowerCase()),
  );
  return [...Map.groupBy(relevant, ({ operator }) => operator).values()].some((block) =>
    block.every(isScoped),
  );
}

/** IAM reads the first value alone, and as text: `repo:*` is scoped to it, and so is `["repo:acme/api","*"]`. */
const isScoped = ({ values: [first = ''] }: Condition): boolean => !/^\s*(?:\*|$)/.test(first);
