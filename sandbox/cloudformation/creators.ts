import { CLOUDWATCH_CREATORS } from './cloudwatch.ts';
import type { Creator } from './creator.ts';
import { CUSTOM_CREATORS } from './custom-resources.ts';
import { DYNAMODB_CREATORS } from './dynamodb.ts';
import { EVENTS_CREATORS } from './events.ts';
import { IAM_CREATORS } from './iam.ts';
import { INERT_CREATORS } from './inert.ts';
import { LAMBDA_CREATORS } from './lambda.ts';
import { LOGS_CREATORS } from './logs.ts';
import { PARAMETER_CREATORS } from './parameters.ts';
import { SCHEDULER_CREATORS } from './scheduler.ts';
import { SNS_CREATORS } from './sns.ts';
import { SQS_CREATORS } from './sqs.ts';
import { STATES_CREATORS } from './states.ts';

/** Every resource type that a template may hold. */
export const CREATORS: ReadonlyMap<string, Creator> = new Map(
  Object.entries({
    ...IAM_CREATORS,
    ...EVENTS_CREATORS,
    ...SQS_CREATORS,
    ...SNS_CREATORS,
    ...CLOUDWATCH_CREATORS,
    ...LAMBDA_CREATORS,
    ...STATES_CREATORS,
    ...DYNAMODB_CREATORS,
    ...LOGS_CREATORS,
    ...PARAMETER_CREATORS,
    ...SCHEDULER_CREATORS,
    ...CUSTOM_CREATORS,
    ...INERT_CREATORS,
  }),
);
