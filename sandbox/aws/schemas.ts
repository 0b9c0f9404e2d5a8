/**
 * The services' models as the AWS SDK ships them: operations, inputs, outputs and errors. The SDK exports a schema
 * per operation (`GetRole$`) and per error; that is no documented server API, so the contract test in
 * test/sandbox/aws/wire.test.ts holds every operation against the SDK's own clients.
 */
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as events from '@aws-sdk/client-eventbridge';
import * as iam from '@aws-sdk/client-iam';
import * as lambda from '@aws-sdk/client-lambda';
import * as organizations from '@aws-sdk/client-organizations';
import * as secretsmanager from '@aws-sdk/client-secrets-manager';
import * as states from '@aws-sdk/client-sfn';
import * as sqs from '@aws-sdk/client-sqs';
import * as ssm from '@aws-sdk/client-ssm';
import * as sts from '@aws-sdk/client-sts';
import { NormalizedSchema } from '@smithy/core/schema';
import { ServiceError, type ServiceId } from '../cloud.ts';
import * as cloudformation from './cloudformation-schemas.ts';
import * as cloudwatch from './cloudwatch-schemas.ts';
import * as scheduler from './scheduler-schemas.ts';
import * as securityhub from './securityhub-schemas.ts';
import * as sns from './sns-schemas.ts';

type OperationSchema = typeof iam.GetRole$;
type ErrorSchema = typeof iam.NoSuchEntityException$;

export type Protocol =
  | { readonly kind: 'query'; readonly version: string; readonly xmlNamespace: string }
  | { readonly kind: 'json'; readonly version: '1.0' | '1.1'; readonly target: string }
  | { readonly kind: 'rest-json' };

export interface OperationModel {
  readonly name: string;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
  /** Of rest-json operations: method, path template, status. */
  readonly http?: readonly [method: string, path: string, status: number];
}

export interface ErrorModel {
  readonly schema: NormalizedSchema;
  /** The wire's code, where it differs from the class's name (`NoSuchEntity`). */
  readonly queryCode?: string;
  readonly status: number;
  readonly fault: 'client' | 'server';
}

export interface ServiceModel {
  readonly id: ServiceId;
  readonly protocol: Protocol;
  readonly operations: ReadonlyMap<string, OperationModel>;
  /** By the name of the exception class. */
  readonly errors: ReadonlyMap<string, ErrorModel>;
  accessDenied(message: string): ServiceError;
  throttled(): ServiceError;
  unknownOperation(operation: string): ServiceError;
  invalidInput(message: string): ServiceError;
}

const SERVICES: Readonly<
  Record<Exclude<ServiceId, 'logs'>, { sdk: object; protocol: Protocol; throttling: string }>
> = {
  iam: {
    sdk: iam,
    protocol: {
      kind: 'query',
      version: '2010-05-08',
      xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    },
    throttling: 'Throttling',
  },
  sts: {
    sdk: sts,
    protocol: {
      kind: 'query',
      version: '2011-06-15',
      xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    },
    throttling: 'Throttling',
  },
  events: {
    sdk: events,
    protocol: { kind: 'json', version: '1.1', target: 'AWSEvents' },
    throttling: 'ThrottlingException',
  },
  sqs: {
    sdk: sqs,
    protocol: { kind: 'json', version: '1.0', target: 'AmazonSQS' },
    throttling: 'RequestThrottled',
  },
  lambda: { sdk: lambda, protocol: { kind: 'rest-json' }, throttling: 'TooManyRequestsException' },
  states: {
    sdk: states,
    protocol: { kind: 'json', version: '1.0', target: 'AWSStepFunctions' },
    throttling: 'ThrottlingException',
  },
  dynamodb: {
    sdk: dynamodb,
    protocol: { kind: 'json', version: '1.0', target: 'DynamoDB_20120810' },
    throttling: 'ThrottlingException',
  },
  secretsmanager: {
    sdk: secretsmanager,
    protocol: { kind: 'json', version: '1.1', target: 'secretsmanager' },
    throttling: 'ThrottlingException',
  },
  ssm: {
    sdk: ssm,
    protocol: { kind: 'json', version: '1.1', target: 'AmazonSSM' },
    throttling: 'ThrottlingException',
  },
  organizations: {
    sdk: organizations,
    protocol: { kind: 'json', version: '1.1', target: 'AWSOrganizationsV20161128' },
    throttling: 'TooManyRequestsException',
  },
  scheduler: { sdk: scheduler, protocol: { kind: 'rest-json' }, throttling: 'ThrottlingException' },
  securityhub: { sdk: securityhub, protocol: { kind: 'rest-json' }, throttling: 'LimitExceededException' },
  cloudformation: {
    sdk: cloudformation,
    protocol: {
      kind: 'query',
      version: '2010-05-15',
      xmlNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    },
    throttling: 'Throttling',
  },
  sns: {
    sdk: sns,
    protocol: {
      kind: 'query',
      version: '2010-03-31',
      xmlNamespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    },
    throttling: 'Throttled',
  },
  // CloudWatch by the name that requests are signed for. The AWS CLI and boto3 speak JSON to it.
  monitoring: {
    sdk: cloudwatch,
    protocol: { kind: 'json', version: '1.0', target: 'GraniteServiceVersion20100801' },
    throttling: 'Throttling',
  },
};

const isSchema = (value: unknown, kind: number): boolean => Array.isArray(value) && value[0] === kind;

function operationModel([, , name, traits, input, output]: OperationSchema): OperationModel {
  const http = typeof traits === 'object' ? traits.http : undefined;
  return {
    name,
    input: NormalizedSchema.of(input),
    output: NormalizedSchema.of(output),
    ...(http && { http }),
  };
}

function errorModel(schema: ErrorSchema): ErrorModel {
  const traits = typeof schema[3] === 'object' ? schema[3] : {};
  const fault = traits.error === 'server' ? 'server' : 'client';
  const query = traits.awsQueryError as readonly [code: string, status: number] | undefined;
  return {
    schema: NormalizedSchema.of(schema),
    fault,
    ...(query && { queryCode: query[0] }),
    status: query?.[1] ?? (traits.httpError as number | undefined) ?? (fault === 'server' ? 500 : 400),
  };
}

function serviceModel(id: keyof typeof SERVICES): ServiceModel {
  const { sdk, protocol, throttling } = SERVICES[id];
  const operations = new Map<string, OperationModel>();
  const errors = new Map<string, ErrorModel>();
  for (const [name, value] of Object.entries(sdk)) {
    if (!name.endsWith('$')) continue;
    if (isSchema(value, 9)) operations.set(name.slice(0, -1), operationModel(value as OperationSchema));
    if (isSchema(value, -3)) errors.set(name.slice(0, -1), errorModel(value as ErrorSchema));
  }
  const query = protocol.kind === 'query';
  return {
    id,
    protocol,
    operations,
    errors,
    accessDenied: (message) =>
      query
        ? new ServiceError('AccessDenied', message, 403)
        : new ServiceError('AccessDeniedException', message, protocol.kind === 'rest-json' ? 403 : 400),
    throttled: () => new ServiceError(throttling, 'Rate exceeded', protocol.kind === 'rest-json' ? 429 : 400),
    unknownOperation: (operation) =>
      query
        ? new ServiceError(
            'InvalidAction',
            `Could not find operation ${operation} for version ${protocol.version}`,
          )
        : new ServiceError(
            'UnknownOperationException',
            `The operation ${operation} is not served`,
            protocol.kind === 'rest-json' ? 404 : 400,
          ),
    invalidInput: (message) => new ServiceError(query ? 'ValidationError' : 'ValidationException', message),
  };
}

const models = new Map<string, ServiceModel>();

/** The model of a service; undefined for one that the sandbox's wire does not speak. */
export function modelOf(service: string): ServiceModel | undefined {
  if (!Object.hasOwn(SERVICES, service)) return undefined;
  let model = models.get(service);
  if (!model) {
    model = serviceModel(service as keyof typeof SERVICES);
    models.set(service, model);
  }
  return model;
}
