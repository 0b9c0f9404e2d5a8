/** What the sandbox's parts know of each other. Each service is one file behind {@link ServiceDefinition}. */
import type { ApplicablePolicies, Policy, Principal, RequestContext } from '../core/policy/types.ts';

export type ServiceId =
  | 'iam'
  | 'sts'
  | 'events'
  | 'sqs'
  | 'lambda'
  | 'states'
  | 'dynamodb'
  | 'secretsmanager'
  | 'ssm'
  | 'securityhub'
  | 'sns'
  | 'monitoring'
  | 'organizations'
  | 'scheduler'
  | 'cloudformation'
  | 'logs';

/** Who makes a call. */
export interface Caller {
  readonly principal: Principal;
  /** Account whose identity policies and resources apply; empty for a service principal or nobody. */
  readonly accountId: string;
  /** Policies given to AssumeRole: each narrows the session. */
  readonly sessionPolicies?: readonly Policy[];
  /** Condition keys that go with every request of this caller (`aws:FederatedProvider`, session tags, …). */
  readonly context?: RequestContext;
  /** The key that signed the call, for CloudTrail; absent for calls from inside the cloud. */
  readonly accessKeyId?: string;
  /** When the session began, and when the credentials in use end; absent for users. */
  readonly sessionBegan?: Date;
  readonly credentialsExpire?: Date;
}

/** One request to a service, however it came in. */
export interface ServiceCall {
  readonly service: ServiceId;
  readonly operation: string;
  readonly caller: Caller;
  readonly region: string;
  readonly requestId: string;
  readonly userAgent: string;
  readonly sourceIp: string;
  /**
   * Throws the service's access-denied error unless identity, session and resource policies allow the action.
   * Global condition keys of the caller are added; `context` holds the service's own.
   */
  authorize(request: {
    action: string;
    resource: string;
    context?: RequestContext;
    /** Resource policy, where the resource has one. */
    resourcePolicy?: Policy;
    /** Account that owns the resource; default the caller's. Another one needs both sides to allow. */
    resourceAccountId?: string;
    /** Identity policies alone never suffice (trust policies). */
    resourcePolicyMustAllow?: boolean;
  }): void;
}

// biome-ignore lint/suspicious/noExplicitAny: each handler declares the SDK's own input type for its operation
export type OperationHandler = (input: any, call: ServiceCall) => unknown;

export interface ServiceDefinition {
  readonly id: ServiceId;
  /** By the SDK's operation name (`GetRole`). An operation that is not here is refused. */
  readonly operations: Readonly<Record<string, OperationHandler>>;
}

/** Real time for signatures, tokens and stamps; scaled time for every wait. */
export interface SandboxTime {
  readonly scale: number;
  now(): number;
  /** Waits `milliseconds` of the product's time, which is `scale` times as long in reality. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Every call of both clouds passes here: it is logged, and injected faults strike here. */
export interface Recorder {
  observe<T>(
    call: { cloud: 'aws' | 'entra'; service: string; operation: string; caller: string; input: unknown },
    run: () => Promise<T>,
  ): Promise<T>;
}

/** An error of a service that the SDK has no exception class for (`AccessDenied`, `ValidationError`, …). */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
  }
}

/** Which statement of which policy was needed for a call that was allowed: the least-privilege test reads it. */
export interface PolicyUse {
  readonly policies: ApplicablePolicies;
  readonly action: string;
  /** `actions`: those entries of the statement's Action list that covered the action; none for NotAction. */
  readonly by: readonly { policy: string; statement: number; actions: readonly string[] }[];
}

/** The local AWS cloud: the services, and what they ask of each other. */
export interface Cloud {
  readonly time: SandboxTime;
  readonly recorder: Recorder;
  register(service: ServiceDefinition): void;
  /** A call from inside the cloud, with the same authorization, log and faults as one over the wire. */
  invoke<Output>(
    service: ServiceId,
    operation: string,
    input: object,
    as: Caller,
    region: string,
  ): Promise<Output>;
  /** A service assumes a role (Lambda, Step Functions, EventBridge): the role's trust policy is evaluated. */
  assumeRoleAsService(
    roleArn: string,
    service: `${string}.amazonaws.com`,
    sessionName: string,
    context?: RequestContext,
  ): Caller;
  /** Credentials that the wire accepts for this caller. */
  issueCredentials(caller: Caller, seconds: number): Credentials;
  /** Organization of an account, for `aws:PrincipalOrgID`; undefined for an account outside. */
  organizationOf(accountId: string): string | undefined;
}
