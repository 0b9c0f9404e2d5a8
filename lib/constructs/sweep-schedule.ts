import * as iam from 'aws-cdk-lib/aws-iam';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';
import { deadLetterQueue } from './role-event-intake.ts';
import type { Workflow } from './workflows.ts';

/** Starts a sweep by the clock. */
export function sweepSchedule(
  scope: Construct,
  {
    name,
    everyHours,
    workflow,
  }: { readonly name: string; readonly everyHours: number; readonly workflow: Workflow },
): void {
  const notStarted = deadLetterQueue(workflow, 'NotStarted', 'sweep-not-started');
  const { stateMachineArn } = workflow.stateMachine;
  const role = new iam.Role(workflow, 'ScheduleRole', {
    assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': workflow.stateMachine.env.account } },
    }),
    inlinePolicies: {
      schedule: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({
            sid: 'Sweep',
            actions: ['states:StartExecution'],
            resources: [stateMachineArn],
          }),
          new iam.PolicyStatement({
            sid: 'NotStarted',
            actions: ['sqs:SendMessage'],
            resources: [notStarted.queueArn],
          }),
        ],
      }),
    },
  });
  new scheduler.CfnSchedule(scope, 'SweepSchedule', {
    name,
    description: 'Looks for what events missed and what people changed',
    scheduleExpression: `rate(${everyHours} hour${everyHours === 1 ? '' : 's'})`,
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: stateMachineArn,
      roleArn: role.roleArn,
      input: '{}',
      // Later than that, the next one is near.
      retryPolicy: { maximumEventAgeInSeconds: 1800, maximumRetryAttempts: 10 },
      deadLetterConfig: { arn: notStarted.queueArn },
    },
  });
}
