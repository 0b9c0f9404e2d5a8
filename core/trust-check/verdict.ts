/** Whether STS would let the bearer of a token into a role, and every part of the answer. */
import { meets } from '../policy/conditions.ts';
import { type Context, principalContext, readContext } from '../policy/context.ts';
import { authorize } from '../policy/evaluate.ts';
import type { AccessRequest, Condition, Decision, Policy, Statement } from '../policy/types.ts';
import { webIdentityRequest } from '../policy/web-identity.ts';
import { checkToken, type GivenProvider, type GivenToken, type TokenCheck } from './token-checks.ts';

export interface TrustQuestion {
  readonly policy: Policy;
  readonly provider: GivenProvider;
  readonly token: GivenToken;
  /** RoleSessionName of the call; undefined: not known. */
  readonly sessionName?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface CheckedCondition extends Condition {
  readonly met: boolean;
  /** Values in the request; undefined where it has no such key. */
  readonly actual: readonly string[] | undefined;
  /** The key comes with the request and not with the token, and is not known here: it counts as absent. */
  readonly unknown: boolean;
}

export interface CheckedStatement extends Pick<Statement, 'index' | 'sid' | 'effect'> {
  /** Whether it names the provider, and the action. */
  readonly principal: boolean;
  readonly action: boolean;
  readonly conditions: readonly CheckedCondition[];
  /** All of it holds. */
  readonly applies: boolean;
}

export interface TrustVerdict {
  readonly letIn: boolean;
  /** STS's answer where it refuses. */
  readonly error?: 'InvalidIdentityToken' | 'ExpiredTokenException' | 'AccessDenied';
  readonly checks: readonly TokenCheck[];
  readonly trust: Pick<Decision, 'allowed' | 'because'>;
  readonly statements: readonly CheckedStatement[];
  /** Condition keys that only the request tells and that the answer may depend on. */
  readonly unknownKeys: readonly string[];
}

/** @throws FactoryError InvalidInput or PolicyNotUnderstood where claims or comparing are beyond all bounds. */
export function checkTrust(question: TrustQuestion): TrustVerdict {
  const { policy, provider, token, now } = question;
  const request = requestOf(question);
  const checks = checkToken(token, provider, now);
  const trust = authorize(request, { identity: [], resource: policy }, { resourcePolicyMustAllow: true });
  const context = readContext(principalContext(request.principal), request.context);
  const statements = policy.statements.map((statement) =>
    checkStatement(statement, policy.version, request, context),
  );
  const refusal = checks.find(({ outcome }) => outcome === 'refused');
  const error = refusal?.error ?? (trust.allowed ? undefined : 'AccessDenied');
  const concerned = statements.filter(({ principal, action }) => principal && action);
  const unknown = concerned.flatMap(({ conditions }) => conditions.filter((condition) => condition.unknown));
  return {
    letIn: error === undefined,
    ...(error === undefined ? {} : { error }),
    checks,
    trust: { allowed: trust.allowed, because: trust.because },
    statements,
    unknownKeys: [...new Set(unknown.map(({ key }) => key))],
  };
}

/** With what every call to STS has. */
const requestOf = ({ provider, token, sessionName, now }: TrustQuestion): AccessRequest =>
  webIdentityRequest({
    providerArn: provider.arn,
    claims: token.claims,
    sessionName,
    context: {
      'aws:CurrentTime': new Date(now).toISOString(),
      'aws:EpochTime': String(Math.floor(now / 1000)),
      'aws:SecureTransport': 'true',
      'aws:ViaAWSService': 'false',
      'aws:ResourceAccount': provider.arn.split(':')[4],
    },
  });

function checkStatement(
  { index, sid, effect, conditions, ...rest }: Statement,
  version: Policy['version'],
  request: AccessRequest,
  context: Context,
): CheckedStatement {
  // The evaluator itself says which part fails first; without conditions only these two are left.
  const bare = { name: '', version, statements: [{ ...rest, index, effect, conditions: [] }] };
  const [traced] = authorize(request, { identity: [], resource: bare }).trace;
  const checked = conditions.map((condition) => {
    const key = condition.key.toLowerCase();
    const actual = context.get(key);
    return {
      ...condition,
      met: meets(condition, context, version, effect),
      actual,
      unknown: actual === undefined && isOfRequest(key),
    };
  });
  return {
    index,
    ...(sid === undefined ? {} : { sid }),
    effect,
    principal: traced?.failed !== 'principal',
    action: traced?.matched === true,
    conditions: checked,
    applies: traced?.matched === true && checked.every(({ met }) => met),
  };
}

/** Keys of the request, the role or the session; a token's keys begin with the provider's URL. */
export const isOfRequest = (key: string): boolean => /^(?:aws|sts|iam):/i.test(key);
