/** Who may do what: puts together the policies and condition keys of a call and asks the evaluator. */
import { isFactoryError } from '../../core/errors.ts';
import { authorize } from '../../core/policy/evaluate.ts';
import type {
  AccessRequest,
  ApplicablePolicies,
  Decision,
  Policy,
  Principal,
  RequestContext,
} from '../../core/policy/types.ts';
import type { Caller, PolicyUse, SandboxTime, ServiceCall } from '../cloud.ts';
import { type IamStore, type Identity, type Role, wholeSeconds } from './iam/store.ts';

export interface AuthorizationOptions {
  readonly iam: IamStore;
  readonly time: SandboxTime;
  organizationOf(accountId: string): string | undefined;
  /** Told of every call that was allowed. */
  readonly onPolicyUse: ((use: PolicyUse) => void) | undefined;
}

export type AuthorizeRequest = Parameters<ServiceCall['authorize']>[0];

/** What of a call the condition keys need. */
export type CallOrigin = Pick<ServiceCall, 'caller' | 'region' | 'userAgent' | 'sourceIp'>;

/** Allowed, or the message that AWS refuses with. */
export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly message: string; readonly cause?: unknown };

export interface Authorizer {
  check(origin: CallOrigin, request: AuthorizeRequest): Verdict;
  /** Whether a role's trust policy lets a service assume it. */
  trustsService(role: Role, service: string, context: RequestContext): boolean;
}

export function createAuthorizer(options: AuthorizationOptions): Authorizer {
  const { iam, onPolicyUse } = options;

  function evaluate(
    request: AccessRequest,
    policies: ApplicablePolicies,
    crossAccount: boolean,
    resourcePolicyMustAllow: boolean,
  ): Decision {
    const decision = authorize(request, policies, { crossAccount, resourcePolicyMustAllow });
    if (decision.allowed) {
      const by = decision.by.map(({ policy, statement, actions = [] }) => ({ policy, statement, actions }));
      onPolicyUse?.({ policies, action: request.action, by });
    }
    return decision;
  }

  return {
    check(origin, request) {
      const { caller } = origin;
      const { principal } = caller;
      const identity = identityOf(iam, caller);
      // AWS shows it hours later; what reads it must not count on either.
      if (identity?.kind === 'role') {
        (identity as Role).lastUsed = { at: wholeSeconds(options.time.now()), region: origin.region };
      }
      const resourceAccountId = request.resourceAccountId ?? caller.accountId;
      const accessRequest: AccessRequest = {
        principal,
        action: request.action,
        resource: request.resource,
        context: {
          ...caller.context,
          ...globalContext(options, origin, identity, resourceAccountId),
          ...request.context,
        },
      };
      try {
        const policies = applicablePolicies(iam, caller, identity, request.resourcePolicy);
        const decision = evaluate(
          accessRequest,
          policies,
          principal.type === 'aws' && resourceAccountId !== caller.accountId,
          request.resourcePolicyMustAllow === true || principal.type !== 'aws',
        );
        if (decision.allowed) return { allowed: true };
        return { allowed: false, message: refusal(accessRequest, reason(decision, request.action)) };
      } catch (error) {
        // What the evaluator does not understand, or is too large for it, opens nothing.
        if (!isFactoryError(error)) throw error;
        const message = refusal(accessRequest, `because the sandbox cannot decide: ${error.message}`);
        return { allowed: false, message, cause: error };
      }
    },
    trustsService(role, service, context) {
      const request: AccessRequest = {
        principal: { type: 'service', service },
        action: 'sts:AssumeRole',
        resource: role.arn,
        context: { ...requestContext(options.time), ...context },
      };
      return evaluate(request, { identity: [], resource: role.trustPolicy.policy }, false, true).allowed;
    },
  };
}

/** The user or role behind a caller; undefined for services and nobody, and where that very one is gone. */
export function identityOf(iam: IamStore, caller: Caller): Identity | undefined {
  const { principal } = caller;
  if (principal.type !== 'aws') return undefined;
  if (principal.roleArn === undefined) return iam.userByArn(principal.arn);
  const role = iam.roleByArn(principal.roleArn);
  // A session of an earlier role of the same name does not become one of the new role.
  return role && userId(caller)?.startsWith(`${role.id}:`) ? role : undefined;
}

const userId = (caller: Caller): string | undefined => {
  const value = caller.context?.['aws:userid'];
  return typeof value === 'string' ? value : undefined;
};

function applicablePolicies(
  iam: IamStore,
  caller: Caller,
  identity: Identity | undefined,
  resource: Policy | undefined,
): ApplicablePolicies {
  const boundary = identity?.permissionsBoundary;
  return {
    identity: identity ? identityPolicies(iam, identity) : [],
    ...(boundary !== undefined && { boundary: boundaryPolicy(iam, boundary) }),
    ...(caller.sessionPolicies && { session: caller.sessionPolicies }),
    ...(resource && { resource }),
  };
}

function identityPolicies(iam: IamStore, identity: Identity): Policy[] {
  const inline = [...identity.inline.values()].map((document) => document.policy);
  const attached = [...identity.attached].flatMap(
    (arn) => iam.managedPolicy(arn)?.inForce.document.policy ?? [],
  );
  return [...inline, ...attached];
}

/** A boundary that is gone allows nothing. */
const boundaryPolicy = (iam: IamStore, arn: string): Policy =>
  iam.managedPolicy(arn)?.inForce.document.policy ?? { name: arn, version: '2012-10-17', statements: [] };

const requestContext = (time: SandboxTime): RequestContext => ({
  'aws:CurrentTime': new Date(time.now()).toISOString(),
  'aws:EpochTime': String(Math.floor(time.now() / 1000)),
  // The wire is plain HTTP on loopback and stands for AWS's TLS endpoints: policies that demand TLS must not
  // change what is tested.
  'aws:SecureTransport': 'true',
});

function globalContext(
  options: AuthorizationOptions,
  { caller, region, userAgent, sourceIp }: CallOrigin,
  identity: Identity | undefined,
  resourceAccountId: string,
): RequestContext {
  const viaService = caller.context?.['aws:CalledVia'] !== undefined;
  return {
    ...requestContext(options.time),
    'aws:RequestedRegion': region,
    'aws:UserAgent': userAgent,
    'aws:ViaAWSService': String(viaService),
    ...(!viaService && sourceIp !== '' && { 'aws:SourceIp': sourceIp }),
    ...(resourceAccountId !== '' && {
      'aws:ResourceAccount': resourceAccountId,
      'aws:ResourceOrgID': options.organizationOf(resourceAccountId),
    }),
    ...principalContext(options, caller.principal),
    ...identityTags(identity, caller.context),
    ...(identity?.kind === 'user' && { 'aws:userid': identity.id }),
  };
}

/** Beyond what the evaluator itself knows of a principal. */
function principalContext(options: AuthorizationOptions, principal: Principal): RequestContext {
  if (principal.type === 'aws') {
    return {
      'aws:PrincipalOrgID': options.organizationOf(principal.accountId),
      'aws:PrincipalType': principal.roleArn === undefined ? 'User' : 'AssumedRole',
    };
  }
  return principal.type === 'anonymous' ? { 'aws:PrincipalType': 'Anonymous' } : {};
}

/** Session tags, which the caller's context holds, replace tags of the role with the same key. */
function identityTags(identity: Identity | undefined, session: RequestContext = {}): RequestContext {
  if (!identity) return {};
  const taken = new Set(Object.keys(session).map((key) => key.toLowerCase()));
  return Object.fromEntries(
    [...identity.tags.values()]
      .map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, Value] as const)
      .filter(([key]) => !taken.has(key.toLowerCase())),
  );
}

/** How callers are named in messages and in the log of calls. */
export function callerName({ principal }: Caller): string {
  switch (principal.type) {
    case 'aws':
      return principal.arn;
    case 'service':
      return principal.service;
    case 'federated':
      return principal.provider;
    case 'anonymous':
      return 'anonymous';
  }
}

const refusal = (request: AccessRequest, why: string): string =>
  `User: ${callerName({ principal: request.principal, accountId: '' })} is not authorized to perform: ` +
  `${request.action} on resource: ${request.resource} ${why}`;

const KINDS = {
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  resource: 'resource-based policy',
} as const;

/** AWS's words. */
function reason(decision: Decision, action: string): string {
  const [denial] = decision.by;
  if (decision.because === 'explicit-deny' && denial) {
    const article = denial.kind === 'identity' ? 'an' : 'a';
    return `with an explicit deny in ${article} ${KINDS[denial.kind]}`;
  }
  return `because no ${KINDS[decision.missing[0] ?? 'identity']} allows the ${action} action`;
}
