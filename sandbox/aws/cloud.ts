/** The local AWS cloud: registry of services, dispatch of calls, credentials and role sessions. */
import { randomUUID } from 'node:crypto';
import type { RequestContext } from '../../core/policy/types.ts';
import {
  type Caller,
  type Cloud,
  type PolicyUse,
  type Recorder,
  type SandboxTime,
  type ServiceCall,
  type ServiceDefinition,
  ServiceError,
  type ServiceId,
} from '../cloud.ts';
import { FaultError } from '../recorder.ts';
import { callerName, createAuthorizer, identityOf, type Verdict } from './authorization.ts';
import { createCredentialStore, type KnownKey } from './credentials.ts';
import { IamStore, PARTITION, type Role } from './iam/store.ts';
import { modelOf } from './schemas.ts';
import { mismatches, redacted } from './shapes.ts';

/** A call that has been decoded and whose caller is known. */
export interface IncomingCall {
  readonly service: ServiceId;
  readonly operation: string;
  readonly input: object;
  readonly caller: Caller;
  readonly region: string;
  readonly requestId: string;
  readonly userAgent: string;
  readonly sourceIp: string;
}

/** What IAM, STS and the wire need beyond {@link Cloud}. */
export interface AwsControlPlane {
  readonly iam: IamStore;
  /** Runs a call: input check, log and faults, handler. Fails with the service's error, or a FaultError `lost`. */
  perform(call: IncomingCall): Promise<unknown>;
  /** Who an access key stands for; undefined where it is unknown or its user or role is gone. */
  authenticate(accessKeyId: string): KnownKey | undefined;
  /** As `ServiceCall.authorize`, without throwing: for services that answer a refusal in their own way. */
  check(
    origin: Pick<ServiceCall, 'caller' | 'region' | 'userAgent' | 'sourceIp'>,
    request: Parameters<ServiceCall['authorize']>[0],
  ): Verdict;
  /** Whether an account belongs to the organization; of one that is not active, nothing may be used. */
  setStanding(accountId: string, standing: { isMember: boolean; isActive: boolean }): void;
  /** A session of a role that has been found to be allowed. */
  roleSession(role: Role, sessionName: string, context?: RequestContext): Caller;
}

export type AwsCloud = Cloud & AwsControlPlane;

export interface CloudOptions {
  readonly time: SandboxTime;
  readonly recorder: Recorder;
  readonly organization: { readonly id: string; readonly accounts: readonly string[] };
  /** Accounts outside the organization. */
  readonly otherAccounts?: readonly string[];
  /** Told of every allowed call and the policy statements that allowed it. */
  readonly onPolicyUse?: (use: PolicyUse) => void;
}

/** An empty cloud; services come with `register`. */
export function createCloud(options: CloudOptions): AwsCloud {
  const { time, recorder, organization } = options;
  const iam = new IamStore([...organization.accounts, ...(options.otherAccounts ?? [])]);
  const credentials = createCredentialStore(iam, time);
  const members = new Set(organization.accounts);
  const organizationOf = (accountId: string): string | undefined =>
    members.has(accountId) ? organization.id : undefined;
  const authorizer = createAuthorizer({ iam, time, organizationOf, onPolicyUse: options.onPolicyUse });
  const inactive = new Set<string>();
  const services = new Map<ServiceId, ServiceDefinition>();

  const check: AwsCloud['check'] = (origin, request) => {
    const { accountId } = origin.caller;
    const closed = [accountId, request.resourceAccountId ?? accountId].find((id) => inactive.has(id));
    return closed === undefined
      ? authorizer.check(origin, request)
      : { allowed: false, message: `The account ${closed} is not active` };
  };

  function serviceCall(incoming: IncomingCall, denied: (message: string) => ServiceError): ServiceCall {
    const { service, operation, caller, region, requestId, userAgent, sourceIp } = incoming;
    const origin = { caller, region, userAgent, sourceIp };
    return {
      ...origin,
      service,
      operation,
      requestId,
      authorize: (request) => {
        const verdict = check(origin, request);
        if (!verdict.allowed) throw Object.assign(denied(verdict.message), { cause: verdict.cause });
      },
    };
  }

  async function perform(incoming: IncomingCall): Promise<unknown> {
    const { service, operation, caller, input } = incoming;
    const model = modelOf(service);
    if (!model) throw new ServiceError('UnknownOperationException', `The sandbox has no service ${service}`);
    const schema = model.operations.get(operation);
    const run = async (): Promise<unknown> => {
      const handler = services.get(service)?.operations[operation];
      if (!schema || !handler) throw model.unknownOperation(operation);
      const problems = mismatches(schema.input, input);
      if (problems.length > 0) {
        const count = `${problems.length} validation error${problems.length > 1 ? 's' : ''} detected`;
        throw model.invalidInput(`${count}: ${problems.join('; ')}`);
      }
      return await handler(input, serviceCall(incoming, model.accessDenied));
    };
    try {
      return await recorder.observe(
        {
          cloud: 'aws',
          service,
          operation,
          caller: callerName(caller),
          input: schema && redacted(schema.input, input),
        },
        run,
      );
    } catch (error) {
      if (!(error instanceof FaultError) || error.kind === 'lost') throw error;
      throw error.kind === 'throttle'
        ? model.throttled()
        : new ServiceError('InternalFailure', 'We encountered an internal error. Please try again.', 500);
    }
  }

  function roleSession(role: Role, sessionName: string, context?: RequestContext): Caller {
    const { accountId, name, id, arn } = role;
    return {
      principal: {
        type: 'aws',
        accountId,
        arn: `arn:${PARTITION}:sts::${accountId}:assumed-role/${name}/${sessionName}`,
        roleArn: arn,
      },
      accountId,
      context: { ...context, 'aws:userid': `${id}:${sessionName}` },
      sessionBegan: new Date(time.now()),
    };
  }

  return {
    time,
    recorder,
    iam,
    organizationOf,
    perform,
    roleSession,
    check,
    setStanding: (accountId, { isMember, isActive }) => {
      if (isMember) members.add(accountId);
      else members.delete(accountId);
      if (isActive) inactive.delete(accountId);
      else inactive.add(accountId);
    },
    register: (service) => {
      if (services.has(service.id)) throw new Error(`service ${service.id} is registered already`);
      const model = modelOf(service.id);
      const unknown = Object.keys(service.operations).filter((name) => !model?.operations.has(name));
      if (unknown.length > 0) throw new Error(`${service.id} has no operation ${unknown.join(', ')}`);
      services.set(service.id, service);
    },
    invoke: async <Output>(
      service: ServiceId,
      operation: string,
      input: object,
      as: Caller,
      region: string,
    ) => {
      const via = as.context?.['aws:CalledVia'];
      const origin = typeof via === 'string' ? via : 'aws-internal';
      const call = { service, operation, input, caller: as, region, sourceIp: '', userAgent: origin };
      try {
        return (await perform({ ...call, requestId: randomUUID() })) as Output;
      } catch (error) {
        if (!(error instanceof FaultError)) throw error;
        throw new ServiceError('RequestTimeout', 'The answer to a call that was performed is lost', 500);
      }
    },
    assumeRoleAsService: (roleArn, service, sessionName, context = {}) => {
      const role = iam.roleByArn(roleArn);
      if (!role || !authorizer.trustsService(role, service, context)) {
        throw new ServiceError('AccessDenied', `${service} is not authorized to assume ${roleArn}`, 403);
      }
      // Source keys are of the assumption alone; the others go with every call of the session.
      const lasting = Object.entries(context).filter(([key]) => !/^aws:source/i.test(key));
      return roleSession(role, sessionName, Object.fromEntries(lasting));
    },
    issueCredentials: credentials.issue,
    authenticate: (accessKeyId) => {
      const known = credentials.find(accessKeyId);
      return known && identityOf(iam, known.caller) ? known : undefined;
    },
  };
}
