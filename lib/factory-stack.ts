import { Stack, type StackProps } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { CLOUDS } from '../core/issuer.ts';
import { type FunctionName, type WorkflowName, workflowName } from '../core/naming.ts';
import { type FactoryConfig, functionVariables } from './config/config.ts';
import { alarm, linkRunbook } from './constructs/alarms.ts';
import { assumeMember } from './constructs/assume-member.ts';
import { Dashboard } from './constructs/dashboard.ts';
import { encryptWithOwnKey } from './constructs/encryption.ts';
import { FactoryFunction } from './constructs/factory-function.ts';
import { Guard } from './constructs/guard.ts';
import { Ledger } from './constructs/ledger.ts';
import { Notifications } from './constructs/notifications.ts';
import { OutboundFederation } from './constructs/outbound-federation.ts';
import { RoleEventIntake } from './constructs/role-event-intake.ts';
import { sweepSchedule } from './constructs/sweep-schedule.ts';
import type { WideStatement } from './constructs/wide-statement.ts';
import { executionsOf, stateMachineArn, Workflow } from './constructs/workflows.ts';
import { DURATIONS } from './durations.ts';

export interface FactoryStackProps extends StackProps {
  readonly config: FactoryConfig;
  /** Folder with the bundle of each function. */
  readonly bundles: Readonly<Record<FunctionName, string>>;
  /** The same of the function that tells people. */
  readonly notifyBundle: string;
  /** The same of the guard's, where the config asks for it. */
  readonly guardBundle?: string;
  /** The same of the function that enables outbound federation, for the federated login. */
  readonly outboundBundle?: string;
}

/** The factory account: bus, dispatcher, both workflows, their functions, the ledger. */
export class FactoryStack extends Stack {
  private readonly config: FactoryConfig;
  private readonly bundles: Readonly<Record<FunctionName, string>>;
  private readonly ledger: Ledger;

  constructor(scope: Construct, id: string, props: FactoryStackProps) {
    super(scope, id, props);
    linkRunbook(this, props.config.notifications.runbookUrl);
    this.config = props.config;
    this.bundles = props.bundles;
    this.ledger = new Ledger(this, 'Ledger');
    const { prefix } = this.config;
    const ledger = this.ledger;

    const inspectRole = this.step('inspect-role', [
      ledger.query(),
      ledger.queryByAudience(),
      ledger.claim(),
      ledger.control(),
      assumeMember(this, this.config, 'inspect'),
      this.describeExecutions('create-role'),
    ]);
    const registerApplication = this.step('register-application', [
      ledger.write(),
      ledger.control(),
      ledger.openBreaker(),
      this.logInToEntra(),
    ]);
    const addAudience = this.step('add-audience', [
      ledger.write(),
      ledger.control(),
      assumeMember(this, this.config, 'provider'),
    ]);
    const verifyApplication = this.step('verify-application', [
      ledger.write(),
      ledger.control(),
      this.logInToEntra(),
    ]);
    const assignAudience = this.step('assign-audience', [
      ledger.write(),
      ledger.control(),
      assumeMember(this, this.config, 'trust'),
    ]);
    const recordOutcome = this.step('record-outcome', [
      ledger.query(),
      ledger.write(),
      ledger.control(),
      assumeMember(this, this.config, 'inspect'),
    ]);
    const confirmRoleGone = this.step('confirm-role-gone', [
      ledger.read(),
      ledger.claim(),
      ledger.control(),
      assumeMember(this, this.config, 'inspect'),
      this.describeExecutions('delete-role'),
    ]);
    const removeAudience = this.step('remove-audience', [
      ledger.read(),
      ledger.control(),
      assumeMember(this, this.config, 'provider'),
    ]);
    const deleteApplication = this.step('delete-application', [
      ledger.read(),
      ledger.control(),
      this.logInToEntra(),
    ]);

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

    const enrol = this.step(
      'enrol-account',
      [
        ledger.control(),
        ledger.enrol(),
        ledger.readAccounts(),
        assumeMember(this, this.config, 'inspect', 'provider'),
        {
          statement: new iam.PolicyStatement({
            sid: 'Units',
            actions: ['organizations:ListParents'],
            resources: ['*'],
          }),
          reason: 'Any account and unit of the organization, which has no other tree to read.',
        },
      ],
      { PROVIDER: this.config.provider },
    );
    const enrolAccount = new Workflow(this, 'EnrolAccount', {
      name: workflowName(prefix, 'enrol-account'),
      definition: new URL('../statemachines/enrol-account.asl.json', import.meta.url),
      functions: { EnrolAccountFunction: enrol },
    });
    const started = [createRole, deleteRole, enrolAccount].map(
      ({ stateMachine }) => stateMachine.stateMachineArn,
    );
    const stateMachines = {
      CREATE_ROLE_STATE_MACHINE_ARN: createRole.stateMachine.stateMachineArn,
      DELETE_ROLE_STATE_MACHINE_ARN: deleteRole.stateMachine.stateMachineArn,
      ENROL_ACCOUNT_STATE_MACHINE_ARN: enrolAccount.stateMachine.stateMachineArn,
    };
    this.sweep(enrol, started, stateMachines);

    const intake = new RoleEventIntake(this, 'RoleEvents', { config: this.config });
    const dispatcher = this.step(
      'dispatch-role-event',
      [
        ledger.query(),
        ledger.queryByAudience(),
        ledger.enrol(),
        new iam.PolicyStatement({
          sid: 'Dispatch',
          actions: ['states:StartExecution'],
          resources: started,
        }),
        this.describeExecutions('create-role', 'delete-role', 'enrol-account'),
        new iam.PolicyStatement({
          sid: 'Receive',
          actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
          resources: [intake.queue.queueArn],
        }),
      ],
      stateMachines,
    );
    new lambda.EventSourceMapping(this, 'Dispatch', {
      target: dispatcher.function,
      eventSourceArn: intake.queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
    });

    alarm(this, 'DispatcherErrors', 'dispatcher-errors', (options) =>
      dispatcher.function.metricErrors(options),
    );
    new Notifications(this, 'Notifications', {
      config: this.config,
      bundle: props.notifyBundle,
      ledger,
    });

    if (this.config.entra.login.kind === 'federated') {
      if (props.outboundBundle === undefined) throw new Error('Outbound federation has no bundle');
      new OutboundFederation(this, 'OutboundFederation', { prefix, bundle: props.outboundBundle });
    }

    const { guard } = this.config;
    if (guard) {
      if (props.guardBundle === undefined) throw new Error('The guard has no bundle');
      new Guard(this, 'Guard', {
        config: this.config,
        guard,
        bundle: props.guardBundle,
        bus: intake.bus,
        ledger,
      });
    }

    new Dashboard(this, 'Dashboard', {
      queue: intake.queue,
      dispatcher: dispatcher.function,
      createRole: createRole.stateMachine,
      deleteRole: deleteRole.stateMachine,
      alarms: this.node.findAll().filter((node) => node instanceof Alarm),
    });
    if (this.config.encryption === 'customer') encryptWithOwnKey(this);
  }

  /** The regular look at every member account; what it finds starts the other workflows. */
  private sweep(
    enrol: FactoryFunction,
    started: readonly string[],
    stateMachines: Readonly<Record<string, string>>,
  ): void {
    const { ledger, config } = this;
    const { prefix, sweep, provider } = config;
    const name = workflowName(prefix, 'sweep');
    const environment = {
      SWEEP_ACCOUNTS: JSON.stringify(sweep.accounts ?? []),
      SWEEP_BACKFILL: String(sweep.backfill),
      SWEEP_REMOVALS: String(sweep.destructiveSteps),
      SWEEP_SECONDS: String(sweep.everyHours * DURATIONS.hour),
      DRIFT_AGE_SECONDS: String(DURATIONS.driftAge),
      PROVIDER: provider,
    };
    const start = new iam.PolicyStatement({
      sid: 'Start',
      actions: ['states:StartExecution'],
      resources: [...started],
    });
    const workflow = new Workflow(this, 'Sweep', {
      name,
      definition: new URL('../statemachines/sweep.asl.json', import.meta.url),
      isDistributed: true,
      functions: {
        ListAccountsFunction: this.step(
          'list-accounts',
          [
            ledger.control(),
            ledger.listAccounts(),
            new iam.PolicyStatement({
              sid: 'OtherSweeps',
              actions: ['states:ListExecutions'],
              resources: [stateMachineArn(this, name)],
            }),
            {
              statement: new iam.PolicyStatement({
                sid: 'Organization',
                actions: ['organizations:ListAccounts'],
                resources: ['*'],
              }),
              reason: 'The action knows no resource.',
            },
          ],
          environment,
        ),
        EnrolAccountFunction: enrol,
        ListApplicationsFunction: this.step('list-applications', [ledger.control(), this.logInToEntra()]),
        SweepAccountFunction: this.step(
          'sweep-account',
          [
            ledger.control(),
            ledger.queryByAccount(),
            ledger.readAccounts(),
            ledger.enrol(),
            ledger.writeFindings(),
            start,
            assumeMember(this, config, 'inspect'),
          ],
          { ...environment, ...stateMachines },
        ),
        FinishSweepFunction: this.step(
          'finish-sweep',
          [ledger.control(), ledger.readFindings(), ledger.writeReports(), start],
          { ...environment, ...stateMachines },
        ),
      },
    });
    sweepSchedule(this, { name, everyHours: sweep.everyHours, workflow });
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
        CONTROL_SECONDS: String(DURATIONS.control),
        HOUR_SECONDS: String(DURATIONS.hour),
        DIRECTORY_FULL_SECONDS: String(DURATIONS.directoryFull),
        ...environment,
      },
    });
  }

  /** Whether another run is alive. */
  private describeExecutions(...workflows: readonly WorkflowName[]): WideStatement {
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
