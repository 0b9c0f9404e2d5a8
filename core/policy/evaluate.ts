/**
 * Whether IAM allows a request.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 *
 * Not modelled: organization policies (SCP, RCP), and the account root user's access without any policy.
 */
import { FactoryError } from '../errors.ts';
import { meets } from './conditions.ts';
import { type Context, checkLength, principalContext, readContext } from './context.ts';
import { ARN_PARTS, matchesAction, matchesGlob, wildcards } from './match.ts';
import { isExempt, type Reach, reachOf } from './principals.ts';
import type {
  AccessRequest,
  ApplicablePolicies,
  ConditionTrace,
  Decision,
  Policy,
  PolicyRole,
  Statement,
  StatementTrace,
} from './types.ts';
import { arnParts, expand } from './variables.ts';

export interface AuthorizeOptions {
  /**
   * Whether another account than the principal's owns the resource: then both sides must allow.
   * Default: whether the resource's ARN names another account.
   */
  readonly crossAccount?: boolean;
  /**
   * Whether an identity policy alone does not suffice, as with role trust policies. One that names the principal
   * itself suffices within the account; one that names the account needs the identity policy as well.
   */
  readonly resourcePolicyMustAllow?: boolean;
}

/** A statement's trace, with how closely a resource policy names the principal. */
interface Judged extends StatementTrace {
  readonly reach?: Reach;
}

/**
 * Decides a request. `context` needs what the service and the caller's session add; keys that follow from the
 * principal (`aws:PrincipalArn`, …) are added here. The resource policy is evaluated without regard to whose it is.
 * @throws FactoryError InvalidInput when the context holds one key twice in different case or the request is longer
 * than any real one, PolicyNotUnderstood when a policy stands where one with (or without) principals belongs, or
 * comparing takes too many steps.
 */
export function authorize(
  request: AccessRequest,
  policies: ApplicablePolicies,
  options: AuthorizeOptions = {},
): Decision {
  checkLength('action', request.action.length);
  checkLength('resource', request.resource.length);
  const context = readContext(principalContext(request.principal), request.context);
  const judge = (policy: Policy, kind: PolicyRole): Judged[] =>
    policy.statements.map((statement) =>
      judgeStatement(statement, policy, kind, request, context, policies.boundary !== undefined),
    );
  const identity = policies.identity.flatMap((policy) => judge(policy, 'identity'));
  const boundary = policies.boundary && judge(policies.boundary, 'boundary');
  const sessions = (policies.session ?? []).map((policy) => judge(policy, 'session'));
  const resource = policies.resource ? judge(policies.resource, 'resource') : [];

  const all = [...identity, ...(boundary ?? []), ...sessions.flat(), ...resource];
  const trace = all.map(({ reach: _, ...statement }) => statement);
  const select = (chosen: ReadonlySet<Judged>) =>
    trace.filter((_, index) => chosen.has(all[index] as Judged));

  const denies = all.filter((judged) => judged.matched && judged.effect === 'Deny');
  if (denies.length > 0) {
    return { allowed: false, because: 'explicit-deny', by: select(new Set(denies)), missing: [], trace };
  }

  const allows = { identity: matching(identity), resource: matching(resource) };
  const limits = [
    ...(boundary ? [{ kind: 'boundary' as const, allows: matching(boundary) }] : []),
    ...sessions.map((session) => ({ kind: 'session' as const, allows: matching(session) })),
  ];
  const byReach = (reach: Reach) => allows.resource.filter((judged) => judged.reach === reach);

  const crossAccount = options.crossAccount ?? namesAnotherAccount(request);
  const isAws = request.principal.type === 'aws';
  const identityRoute = [
    { kind: 'identity' as const, allows: allows.identity },
    ...limits,
    ...(crossAccount || options.resourcePolicyMustAllow
      ? [{ kind: 'resource' as const, allows: allows.resource }]
      : []),
  ];
  const routes = !isAws
    ? [[{ kind: 'resource' as const, allows: allows.resource }]]
    : crossAccount
      ? [identityRoute]
      : [
          identityRoute,
          [{ kind: 'resource' as const, allows: byReach('role') }, ...limits],
          [{ kind: 'resource' as const, allows: byReach('direct') }],
        ];
  const open = routes.filter((route) => route.every((step) => step.allows.length > 0));
  if (open.length > 0) {
    const chosen = new Set(open.flatMap((route) => route.flatMap((step) => step.allows)));
    return { allowed: true, because: 'allowed', by: select(chosen), missing: [], trace };
  }
  const [main = []] = routes;
  const missing = [...new Set(main.filter((step) => step.allows.length === 0).map((step) => step.kind))];
  return { allowed: false, because: 'no-allow', by: [], missing, trace };
}

const matching = (judged: readonly Judged[]): Judged[] =>
  judged.filter(({ matched, effect }) => matched && effect === 'Allow');

function namesAnotherAccount({ principal, resource }: AccessRequest): boolean {
  const owner = resource.split(':')[4] ?? '';
  return principal.type === 'aws' && /^\d{12}$/.test(owner) && owner !== principal.accountId;
}

function judgeStatement(
  statement: Statement,
  policy: Policy,
  kind: PolicyRole,
  request: AccessRequest,
  context: Context,
  hasBoundary: boolean,
): Judged {
  const { principal, notPrincipal, action, notAction } = statement;
  const namesPrincipals = principal !== undefined || notPrincipal !== undefined;
  if (namesPrincipals !== (kind === 'resource')) {
    throw new FactoryError('PolicyNotUnderstood', `${policy.name} cannot be a policy of kind ${kind}`);
  }
  const facts = {
    policy: policy.name,
    kind,
    statement: statement.index,
    ...(statement.sid === undefined ? {} : { sid: statement.sid }),
    effect: statement.effect,
  };
  const failing = (failed: 'principal' | 'action' | 'resource' | ConditionTrace): Judged => ({
    ...facts,
    matched: false,
    failed,
  });

  const reach = principal && reachOf(principal, request.principal);
  if (principal && reach === undefined) return failing('principal');
  if (notPrincipal && isExempt(notPrincipal, request.principal, hasBoundary)) return failing('principal');

  const covers = (pattern: string): boolean => {
    context.spend(pattern.length * request.action.length);
    return matchesAction(pattern, request.action);
  };
  const actions = action?.filter(covers);
  if (actions ? actions.length === 0 : notAction?.some(covers)) {
    return failing('action');
  }
  if (!coversResource(statement, policy.version, request.resource, context)) return failing('resource');

  const unmet = statement.conditions.find(
    (condition) => !meets(condition, context, policy.version, statement.effect),
  );
  if (unmet) return failing({ ...unmet, actual: context.get(unmet.key.toLowerCase()) });
  return { ...facts, matched: true, ...(actions ? { actions } : {}), ...(reach ? { reach } : {}) };
}

/** A trust policy's statements have neither element: they are about the role that holds them. */
function coversResource(
  { resource, notResource, effect }: Statement,
  version: Policy['version'],
  requested: string,
  context: Context,
): boolean {
  const patterns = (resource ?? notResource ?? []).map((entry) =>
    expand(complete(entry, version), version, context, wildcards, requested.length),
  );
  const covered = patterns.some((pattern) => {
    if (pattern === undefined) return false;
    context.spend(pattern.length * requested.length);
    return matchesGlob(pattern, requested);
  });
  if (resource) return covered;
  if (!notResource) return true;
  // What an exception without a value would have excepted is unknown: an Allow then covers nothing.
  return !covered && !(effect === 'Allow' && patterns.includes(undefined));
}

/** IAM completes an ARN with fewer than six parts by wildcards. */
function complete(entry: string, version: Policy['version']): string {
  if (entry === '*') return entry;
  return entry + ':*'.repeat(ARN_PARTS - arnParts(entry, version).length);
}
