/**
 * EventBridge Scheduler's operations as far as they are served; its package is not among the project's.
 * https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
 */
import { inPath, inQuery, NUMBER, STRING, schemasOf, TIMESTAMP } from './model-schemas.ts';

const { structure, listOf, operation, error } = schemasOf('com.amazonaws.scheduler');

const window = structure('FlexibleTimeWindow', { Mode: STRING }, { MaximumWindowInMinutes: NUMBER });
const target = structure(
  'Target',
  { Arn: STRING, RoleArn: STRING },
  {
    DeadLetterConfig: structure('DeadLetterConfig', {}, { Arn: STRING }),
    Input: STRING,
    RetryPolicy: structure(
      'RetryPolicy',
      {},
      { MaximumEventAgeInSeconds: NUMBER, MaximumRetryAttempts: NUMBER },
    ),
  },
);
const wanted = { ScheduleExpression: STRING, FlexibleTimeWindow: () => window, Target: () => target };
const optional = { ClientToken: STRING, Description: STRING, GroupName: STRING, State: STRING };
const summary = structure(
  'ScheduleSummary',
  {},
  {
    Arn: STRING,
    CreationDate: TIMESTAMP,
    GroupName: STRING,
    Name: STRING,
    State: STRING,
    Target: structure('TargetSummary', { Arn: STRING }),
  },
);

export const CreateSchedule$ = operation(
  'CreateSchedule',
  structure('CreateScheduleInput', { Name: inPath(STRING), ...wanted }, optional),
  structure('CreateScheduleOutput', { ScheduleArn: STRING }),
  ['POST', '/schedules/{Name}'],
);
export const GetSchedule$ = operation(
  'GetSchedule',
  structure('GetScheduleInput', { Name: inPath(STRING) }, { GroupName: inQuery(STRING, 'groupName') }),
  structure(
    'GetScheduleOutput',
    {},
    { Arn: STRING, CreationDate: TIMESTAMP, Name: STRING, ...wanted, ...optional },
  ),
  ['GET', '/schedules/{Name}'],
);
export const DeleteSchedule$ = operation(
  'DeleteSchedule',
  structure(
    'DeleteScheduleInput',
    { Name: inPath(STRING) },
    { GroupName: inQuery(STRING, 'groupName'), ClientToken: inQuery(STRING, 'clientToken') },
  ),
  structure('DeleteScheduleOutput', {}),
  ['DELETE', '/schedules/{Name}'],
);
export const ListSchedules$ = operation(
  'ListSchedules',
  structure(
    'ListSchedulesInput',
    {},
    {
      MaxResults: inQuery(NUMBER, 'MaxResults'),
      NamePrefix: inQuery(STRING, 'NamePrefix'),
      NextToken: inQuery(STRING, 'NextToken'),
    },
  ),
  structure(
    'ListSchedulesOutput',
    { Schedules: listOf('ScheduleList', () => summary) },
    { NextToken: STRING },
  ),
  ['GET', '/schedules'],
);

export const ConflictException$ = error('ConflictException', 409);
export const ResourceNotFoundException$ = error('ResourceNotFoundException', 404);
export const ValidationException$ = error('ValidationException', 400);
