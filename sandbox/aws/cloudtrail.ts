/** What CloudTrail records of IAM writes: successful and failed ones, in AWS's shapes. */
import { randomUUID } from 'node:crypto';
import type { NormalizedSchema } from '@smithy/core/schema';
import { type Caller, type SandboxTime, type ServiceCall, ServiceError } from '../cloud.ts';
import { identityOf } from './authorization.ts';
import { IAM_REGION, type IamStore } from './iam/store.ts';
import { modelOf } from './schemas.ts';
import { isObject } from './shapes.ts';

/** A CloudTrail record; EventBridge carries it as the event's `detail`. */
export interface CloudTrailRecord {
  readonly eventVersion: string;
  readonly userIdentity: object;
  /** ISO 8601, whole seconds. */
  readonly eventTime: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly requestParameters: object | null;
  readonly responseElements: object | null;
  readonly requestID: string;
  readonly eventID: string;
  readonly readOnly: false;
  readonly eventType: 'AwsApiCall';
  readonly managementEvent: true;
  readonly recipientAccountId: string;
  readonly eventCategory: 'Management';
}

export type Outcome = { readonly output: unknown } | { readonly error: Error };

/** The record of one IAM call that writes. */
export function iamRecord(
  { iam, time }: { iam: IamStore; time: SandboxTime },
  call: ServiceCall,
  input: object,
  outcome: Outcome,
): CloudTrailRecord {
  const operation = modelOf('iam')?.operations.get(call.operation);
  if (!operation) throw new Error(`IAM has no operation ${call.operation}`);
  const failure = 'error' in outcome ? failureOf(outcome.error) : undefined;
  const output = 'output' in outcome ? recorded(operation.output, outcome.output) : undefined;
  const service = invokedBy(call.caller);
  return {
    eventVersion: '1.11',
    userIdentity: userIdentity(iam, call.caller),
    eventTime: wholeSecond(new Date(time.now())),
    eventSource: 'iam.amazonaws.com',
    eventName: call.operation,
    awsRegion: IAM_REGION,
    sourceIPAddress: service ?? (call.sourceIp || 'AWS Internal'),
    userAgent: service ?? (call.userAgent || 'AWS Internal'),
    ...failure,
    // Of a call that was not authorized nothing is recorded but that it was made.
    requestParameters:
      failure?.errorCode === 'AccessDenied' ? null : asObject(recorded(operation.input, input)),
    responseElements: asObject(output),
    requestID: call.requestId,
    eventID: randomUUID(),
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: call.caller.accountId,
    eventCategory: 'Management',
  };
}

/** The class's name: for most errors of IAM the wire's code with `Exception` at its end. */
const failureOf = (error: Error) => ({
  errorCode: error instanceof ServiceError ? error.code : error.name,
  errorMessage: error.message,
});

const asObject = (value: unknown): object | null =>
  isObject(value) && Object.keys(value).length > 0 ? value : null;

/**
 * As CloudTrail writes inputs and outputs: names begin in lower case, dates are in an English locale, what is
 * sensitive is left out.
 */
function recorded(schema: NormalizedSchema, value: unknown): unknown {
  if (schema.isStructSchema() && isObject(value)) {
    const members = [...schema.structIterator()].filter(
      ([name, member]) => value[name] !== undefined && !member.getMergedTraits().sensitive,
    );
    return Object.fromEntries(
      members.map(([name, member]) => [lowerFirst(name), recorded(member, value[name])]),
    );
  }
  if (schema.isListSchema() && Array.isArray(value)) {
    return value.map((item) => recorded(schema.getValueSchema(), item));
  }
  return value instanceof Date ? localeDate(value) : value;
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

const LOCALE = new Intl.DateTimeFormat('en-US', {
  timeZone: 'UTC',
  dateStyle: 'medium',
  timeStyle: 'medium',
});

/** `Aug 1, 2024 1:37:41 PM` */
function localeDate(date: Date): string {
  const part = Object.fromEntries(LOCALE.formatToParts(date).map(({ type, value }) => [type, value]));
  return `${part.month} ${part.day}, ${part.year} ${part.hour}:${part.minute}:${part.second} ${part.dayPeriod}`;
}

const wholeSecond = (date: Date): string => date.toISOString().replace(/\.\d{3}Z$/, 'Z');

/** The service that makes the call on the caller's behalf. */
const invokedBy = ({ context }: Caller): string | undefined => {
  const via = context?.['aws:CalledVia'];
  return typeof via === 'string' ? via : undefined;
};

function userIdentity(iam: IamStore, caller: Caller): object {
  const { principal } = caller;
  if (principal.type === 'service') return { type: 'AWSService', invokedBy: principal.service };
  if (principal.type !== 'aws') return { type: 'Unknown' };
  const identity = identityOf(iam, caller);
  const service = invokedBy(caller);
  const common = {
    arn: principal.arn,
    accountId: principal.accountId,
    ...(caller.accessKeyId !== undefined && { accessKeyId: caller.accessKeyId }),
  };
  const tail = service === undefined ? {} : { invokedBy: service };
  if (principal.roleArn === undefined) {
    return { type: 'IAMUser', principalId: identity?.id, ...common, userName: identity?.name, ...tail };
  }
  return {
    type: 'AssumedRole',
    principalId: caller.context?.['aws:userid'],
    ...common,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: identity?.id,
        arn: principal.roleArn,
        accountId: principal.accountId,
        userName: identity?.name,
      },
      ...federation(caller),
      attributes: {
        creationDate: wholeSecond(caller.sessionBegan ?? new Date(0)),
        mfaAuthenticated: 'false',
      },
      ...sourceIdentity(caller),
    },
    ...tail,
  };
}

function sourceIdentity({ context }: Caller): object {
  const name = context?.['aws:SourceIdentity'];
  return name === undefined ? {} : { sourceIdentity: name };
}

function federation({ context }: Caller): object {
  const federatedProvider = context?.['aws:FederatedProvider'];
  return federatedProvider === undefined
    ? {}
    : { webIdFederationData: { federatedProvider, attributes: {} } };
}
