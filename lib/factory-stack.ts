import { Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { CLOUDS } from '../core/issuer.ts';
import { type FunctionName, workflowName } from '../core/naming.ts';
import { type FactoryConfig, functionVariables } from './config/config.ts';
import { assumeMember } from './constructs/assume-member.ts';
import { FactoryFunction } from './constructs/factory-function.ts';
import { Guard } from './constructs/guard.ts';
import { Ledger } from './constructs/ledger.ts';
import { RoleEventIntake } from './constructs/role-event-intake.ts';
import type { WideStatement } from './constructs/wide-statement.ts';
import { executionsOf, Workflow } from './constructs/workflows.ts';
import { DURATIONS } from './durations.ts';

export interface FactoryStackProps extends StackProps {
  readonly config: FactoryConfig;
  /** Folder with the bundle of each function. */
  readonly bundles: Readonly<Record<FunctionName, string>>;
  /** The same of the guard's, where the config asks for it. */
  readonly guardBundle?: string;
}

/** The factory account: bus, dispatcher, both workflows, their functions, the ledger. */
export class FactoryStack extends Stack {
  private readonly config: FactoryConfig;
  private readonly bundles: Readonly<Record<FunctionName, string>>;
  private readonly ledger: Ledger;

  constructor(scope: Construct, id: string, props: FactoryStackProps) {
    super(scope, id, props);
    this.config = props.config;
    this.bundles = props.bundles;
    this.ledger = new Ledger(this, 'Ledger');
    const { prefix, organizationId } = this.config;
    const ledger = this.ledger;

    const inspectRole = this.step('inspect-role', [
      ledger.query(),
      ledger.queryByAudience(),
      ledger.claim(),
      assumeMember(this, this.config, 'inspect'),
      this.describeExecutions('create-role'),
    ]);
    const registerApplication = this.step('register-application', [ledger.write(), this.logInToEntra()]);
    const addAudience = this.step('add-audience', [
      ledger.write(),
      assumeMember(this, this.config, 'provider'),
    ]);
    const verifyApplication = this.step('verify-application', [ledger.write(), this.logInToEntra()]);
    const assignAudience = this.step('assign-audience', [
      ledger.write(),
      assumeMember(this, this.config, 'trust'),
    ]);
    const recordOutcome = this.step('record-outcome', [
      ledger.query(),
      ledger.write(),
      assumeMember(this, this.config, 'inspect'),
    ]);
    const confirmRoleGone = this.step('confirm-role-gone', [
      ledger.write(),
      assumeMember(this, this.config, 'inspect'),
      this.describeExecutions('delete-role'),
    ]);
    const removeAudience = this.step('remove-audience', [
      ledger.read(),
      assumeMember(this, this.config, 'provider'),
    ]);
    const deleteApplication = this.step('delete-application', [ledger.read(), this.logInToEntra()]);

    const deleteRole = new Workflow(this, 'DeleteRole', {
      name: workflowName(prefix, 'delete-role'),
      definition: new URL('../statemachines/delete-role.asl.json', import.meta.url),
      functions: {
        ConfirmRoleGoneFunction: confirmRoleGone,
        RemoveAudienceFunction: removeAudience,
        DeleteApplicationFunction: deleteApplication,
        RecordOutcomeFunction: recordOutcome,
      },
    });
    const createRole = new Workflow(this, 'CreateRole', {
      name: workflowName(prefix, 'create-role'),
      definition: new URL('../statemachines/create-role.asl.json', import.meta.url),
      functions: {
        InspectRoleFunction: inspectRole,
        RegisterApplicationFunction: registerApplication,
        AddAudienceFunction: addAudience,
        VerifyApplicationFunction: verifyApplication,
        AssignAudienceFunction: assignAudience,
        RecordOutcomeFunction: recordOutcome,
      },
      starts: { placeholder: 'DeleteRoleStateMachineArn', stateMachine: deleteRole.stateMachine },
    });

    const intake = new RoleEventIntake(this, 'RoleEvents', { prefix, organizationId });
    const dispatcher = this.step(
      'dispatch-role-event',
      [
        ledger.query(),
        new iam.PolicyStatement({
          sid: 'Dispatch',
          actions: ['states:StartExecution'],
          resources: [createRole.stateMachine.stateMachineArn, deleteRole.stateMachine.stateMachineArn],
        }),
        this.describeExecutions('create-role', 'delete-role'),
        new iam.PolicyStatement({
          sid: 'Receive',
          actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
          resources: [intake.queue.queueArn],
        }),
      ],
      {
        CREATE_ROLE_STATE_MACHINE_ARN: createRole.stateMachine.stateMachineArn,
        DELETE_ROLE_STATE_MACHINE_ARN: deleteRole.stateMachine.stateMachineArn,
      },
    );
    new lambda.EventSourceMapping(this, 'Dispatch', {
      target: dispatcher.function,
      eventSourceArn: intake.queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
    });

    const { guard } = this.config;
    if (!guard) return;
    if (props.guardBundle === undefined) throw new Error('The guard has no bundle');
    new Guard(this, 'Guard', { config: this.config, guard, bundle: props.guardBundle, bus: intake.bus });
  }

  private step(
    name: FunctionName,
    statements: readonly (iam.PolicyStatement | WideStatement)[],
    environment: Readonly<Record<string, string>> = {},
  ): FactoryFunction {
    const { prefix } = this.config;
    const id = name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
    return new FactoryFunction(this, `${id}Function`, {
      name,
      prefix,
      code: this.bundles[name],
      statements,
      environment: {
        LEDGER_TABLE: this.ledger.table.tableName,
        ...functionVariables(this.config),
        SETTLE_SECONDS: String(DURATIONS.settle),
        LOOK_AGAIN_SECONDS: String(DURATIONS.lookAgain),
        WRITERS_SECONDS: String(DURATIONS.writers),
        REPLICATION_SECONDS: String(DURATIONS.replication),
        SECOND_LOOK_SECONDS: String(DURATIONS.secondLook),
        GRAPH_PATIENCE_SECONDS: String(DURATIONS.graphPatience),
        LEASE_SECONDS: String(DURATIONS.lease),
        ...environment,
      },
    });
  }

  /** Whether another run is alive. */
  private describeExecutions(...workflows: readonly ('create-role' | 'delete-role')[]): WideStatement {
    return {
      statement: new iam.PolicyStatement({
        sid: 'Describe',
        actions: ['states:DescribeExecution'],
        resources: workflows.map((workflow) =>
          executionsOf(this, workflowName(this.config.prefix, workflow)),
        ),
      }),
      reason: `Executions are named by events: any execution, but of ${workflows.join(' and ')} only.`,
    };
  }

  private logInToEntra(): iam.PolicyStatement | WideStatement {
    const { login, cloud } = this.config.entra;
    if (login.kind === 'secret')
      return new iam.PolicyStatement({
        sid: 'EntraSecret',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [login.secretArn],
      });
    return {
      statement: new iam.PolicyStatement({
        sid: 'EntraAssertion',
        actions: ['sts:GetWebIdentityToken'],
        resources: ['*'],
        conditions: {
          'ForAllValues:StringEquals': {
            'sts:IdentityTokenAudience': CLOUDS[cloud].federatedCredentialAudience,
          },
          // ForAllValues alone is true where the key is absent.
          Null: { 'sts:IdentityTokenAudience': 'false' },
          StringEquals: { 'sts:SigningAlgorithm': 'RS256' },
          NumericLessThanEquals: { 'sts:DurationSeconds': '300' },
        },
      }),
      reason: 'The action knows no resource. The token is for Entra alone and lives five minutes at most.',
    };
  }
}
