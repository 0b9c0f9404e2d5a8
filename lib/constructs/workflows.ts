import { readFileSync } from 'node:fs';
import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { FactoryFunction } from './factory-function.ts';

export interface WorkflowProps {
  /** Fixed, so that functions may be allowed to start and describe it without a circular reference. */
  readonly name: string;
  /** Definition file in statemachines/. */
  readonly definition: URL;
  /** What its tasks call, by the placeholder `${<key>Arn}` of the definition. */
  readonly functions: Readonly<Record<string, FactoryFunction>>;
  /** A workflow that this one may start, by its placeholder. */
  readonly starts?: { readonly placeholder: string; readonly stateMachine: sfn.StateMachine };
}

/** A Standard workflow from its definition file, under a role that may invoke its functions and nothing else. */
export class Workflow extends Construct {
  readonly stateMachine: sfn.StateMachine;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const arns = Object.entries(props.functions).map(
      ([key, fn]) => [`${key}Arn`, fn.function.functionArn] as const,
    );
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
      inlinePolicies: {
        workflow: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({
              sid: 'Invoke',
              actions: ['lambda:InvokeFunction'],
              resources: arns.map(([, arn]) => arn),
            }),
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
      role,
    });
    Validations.of(this.stateMachine).acknowledge(
      {
        id: 'AwsSolutions-SF1',
        reason: 'Standard workflows keep their history for 90 days; every step logs one event of its own.',
      },
      {
        id: 'AwsSolutions-SF2',
        reason:
          'A trace would repeat the history: each step is one function, and its log event names the execution.',
      },
    );
  }
}

/** ARN pattern of a workflow's executions, from its fixed name. */
export const executionsOf = (scope: Construct, name: string): string =>
  Stack.of(scope).formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${name}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
