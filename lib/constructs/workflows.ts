import { readFileSync } from 'node:fs';
import { ArnFormat, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { FactoryFunction } from './factory-function.ts';
import { acknowledgeWide, type WideStatement } from './wide-statement.ts';

export interface WorkflowProps {
  /** Fixed, so that functions may be allowed to start and describe it without a circular reference. */
  readonly name: string;
  /** Definition file in statemachines/. */
  readonly definition: URL;
  /** What its tasks call, by the placeholder `${<key>Arn}` of the definition. */
  readonly functions: Readonly<Record<string, FactoryFunction>>;
  /** Whether it runs parts of itself as executions of their own. */
  readonly isDistributed?: boolean;
  /** A workflow that this one may start, by its placeholder. */
  readonly starts?: { readonly placeholder: string; readonly stateMachine: sfn.StateMachine };
}

/** A Standard workflow from its definition file, under a role that may invoke its functions and nothing else. */
export class Workflow extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const arns = Object.entries(props.functions).map(
      ([key, fn]) => [`${key}Arn`, fn.function.functionArn] as const,
    );
    const parts = ownParts(this, props.name);
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
      inlinePolicies: {
        workflow: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({
              sid: 'Invoke',
              actions: ['lambda:InvokeFunction'],
              resources: arns.map(([, arn]) => arn),
            }),
            DELIVER_LOGS.statement,
            ...(props.isDistributed ? [startParts(this, props.name), parts.statement] : []),
            ...(props.starts
              ? [
                  new iam.PolicyStatement({
                    sid: 'StartOther',
                    actions: ['states:StartExecution'],
                    resources: [props.starts.stateMachine.stateMachineArn],
                  }),
                ]
              : []),
          ],
        }),
      },
    });
    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      stateMachineName: props.name,
      definitionBody: sfn.DefinitionBody.fromString(readFileSync(props.definition, 'utf8')),
      definitionSubstitutions: {
        ...Object.fromEntries(arns),
        ...(props.starts
          ? {
              Partition: Stack.of(this).partition,
              [props.starts.placeholder]: props.starts.stateMachine.stateMachineArn,
            }
          : {}),
      },
      // What it may do is above; CDK would add the delivery of logs once more.
      role: this.role.withoutPolicyUpdates(),
      logs: {
        destination: new logs.LogGroup(this, 'Log', {
          // Under this prefix, Logs needs no resource policy of its own for each group: those are at most ten.
          logGroupName: `/aws/vendedlogs/states/${props.name}`,
          retention: logs.RetentionDays.THREE_MONTHS,
          removalPolicy: RemovalPolicy.RETAIN,
        }),
        level: sfn.LogLevel.ERROR,
        includeExecutionData: false,
      },
    });
    acknowledgeWide(this.role, DELIVER_LOGS);
    if (props.isDistributed) acknowledgeWide(this.role, parts);
    Validations.of(this.stateMachine).acknowledge(
      {
        id: 'AwsSolutions-SF1',
        reason:
          'Errors are enough: Standard workflows keep their history for 90 days; every step logs one event.',
      },
      {
        id: 'AwsSolutions-SF2',
        reason:
          'A trace would repeat the history: each step is one function, and its log event names the execution.',
      },
    );
  }
}

/** Of a Distributed Map: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html */
const startParts = (scope: Construct, name: string): iam.PolicyStatement =>
  new iam.PolicyStatement({
    sid: 'StartParts',
    actions: ['states:StartExecution'],
    // By its name: its own ARN would make a circle.
    resources: [stateMachineArn(scope, name)],
  });

const ownParts = (scope: Construct, name: string): WideStatement => ({
  statement: new iam.PolicyStatement({
    sid: 'WatchParts',
    actions: ['states:DescribeExecution', 'states:StopExecution'],
    resources: [executionsOf(scope, `${name}/*`)],
  }),
  reason: 'Step Functions names the parts of its own executions: any of this workflow, and of no other.',
});

/** https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html */
const DELIVER_LOGS: WideStatement = {
  statement: new iam.PolicyStatement({
    sid: 'DeliverLogs',
    actions: [
      'logs:CreateLogDelivery',
      'logs:GetLogDelivery',
      'logs:UpdateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
    ],
    resources: ['*'],
  }),
  reason: 'Step Functions sets up the delivery of its log with them; they know no resource.',
};

/** ARN pattern of a workflow's executions, from its fixed name. */
export const executionsOf = (scope: Construct, name: string): string =>
  Stack.of(scope).formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${name}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** ARN of a workflow, from its fixed name. */
export const stateMachineArn = (scope: Construct, name: string): string =>
  Stack.of(scope).formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName: name,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
