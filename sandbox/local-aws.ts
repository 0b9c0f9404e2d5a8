/** The local AWS: every service, joined, behind one endpoint. */
import { type AwsCloud, createCloud } from './aws/cloud.ts';
import type { CloudTrailRecord } from './aws/cloudtrail.ts';
import { type CloudWatchService, createCloudWatch } from './aws/cloudwatch.ts';
import { createDynamoDb } from './aws/dynamodb.ts';
import { createEvents, type EventsService } from './aws/events.ts';
import { startAwsServer } from './aws/http-server.ts';
import { createIam, type Iam } from './aws/iam.ts';
import { createLambda, type LambdaService } from './aws/lambda.ts';
import { createLogs, type LogsService } from './aws/logs.ts';
import {
  createOrganizations,
  type OrganizationsOptions,
  type OrganizationsService,
} from './aws/organizations.ts';
import { createScheduler } from './aws/scheduler.ts';
import { createSecretsManager, type SecretsManager } from './aws/secretsmanager.ts';
import { createSecurityHub } from './aws/securityhub.ts';
import { functionErrors, queueDepths, statusChange } from './aws/service-signals.ts';
import { createSns } from './aws/sns.ts';
import { createSqs } from './aws/sqs.ts';
import { createSsm } from './aws/ssm.ts';
import { createStates } from './aws/states.ts';
import { createSts, type Sts } from './aws/sts.ts';
import type { Cleanup } from './cleanup.ts';
import type { PolicyUse, SandboxTime } from './cloud.ts';
import { type StackResponses, startStackResponses } from './cloudformation/responses.ts';
import type { Control } from './control.ts';
import type { Certificates } from './entra/tls.ts';
import type { SandboxRecorder } from './recorder.ts';
import type { World } from './world.ts';

export interface LocalAwsOptions {
  readonly world: World;
  readonly time: SandboxTime;
  readonly recorder: SandboxRecorder;
  readonly random: () => number;
  readonly control: Control;
  /** Of the endpoint; 0: any free one. */
  readonly port: number;
  /** Of what answers by https: functions trust it. */
  readonly certificates: Certificates;
  /** Reaches the issuers whose tokens STS exchanges. */
  readonly fetchJson: (url: string) => Promise<unknown>;
  /** Set over the variables of every function. */
  readonly functionVariables: () => Readonly<Record<string, string>>;
  readonly onPolicyUse?: (use: PolicyUse) => void;
  /** See StartOptions. */
  readonly onCloudTrailRecord?: (record: CloudTrailRecord, deliver: () => void) => void;
  /** Told of what nobody else hears of: defects, events that could not be delivered. */
  readonly report: (problem: unknown) => void;
}

export interface LocalAws {
  readonly cloud: AwsCloud;
  readonly iam: Iam;
  readonly sts: Sts;
  readonly events: EventsService;
  readonly logs: LogsService;
  readonly lambda: LambdaService;
  readonly secrets: SecretsManager;
  readonly cloudwatch: CloudWatchService;
  readonly organizations: OrganizationsService;
  /** Where custom resources of deployments answer. */
  readonly responses: StackResponses;
  /** `http://127.0.0.1:<port>`. */
  readonly endpoint: string;
}

/** Resolves when the endpoint listens; `cleanup` is told what to stop. */
export async function startLocalAws(options: LocalAwsOptions, cleanup: Cleanup): Promise<LocalAws> {
  const { world, time, recorder, random, report } = options;
  const cloud = createCloud({
    time,
    recorder,
    organization: {
      id: world.organizationId,
      accounts: [world.managementAccountId, world.factoryAccountId, ...world.memberAccountIds],
    },
    otherAccounts: [world.outsideAccountId],
    ...(options.onPolicyUse && { onPolicyUse: options.onPolicyUse }),
  });
  const server = await startAwsServer({ cloud, port: options.port, control: options.control, report });
  cleanup.add(() => server.close());

  const responses = await startStackResponses(options.certificates);
  cleanup.add(() => responses.close());
  const sqs = createSqs(cloud, { endpoint: () => server.endpoint });
  // Each needs the other, but only once calls come in.
  const iam = createIam(cloud, {
    onCloudTrailRecord: (record) => {
      const deliver = () => events.deliverCloudTrail({ ...record });
      if (options.onCloudTrailRecord) options.onCloudTrailRecord(record, deliver);
      else deliver();
    },
  });
  const events = createEvents(cloud, { iam, sqs, report });
  cleanup.add(() => events.close());
  const sts = createSts(cloud, { fetchJson: options.fetchJson });
  const cloudwatch = createCloudWatch(cloud, { sample: () => queueDepths(sqs), report });
  cleanup.add(async () => cloudwatch.close());
  const logs = createLogs(cloud, cloudwatch.put);
  const states = createStates(cloud, {
    iam,
    random,
    onEnded: (execution) => events.deliverFromService(statusChange(execution)),
  });
  cleanup.add(() => states.close());
  const dynamodb = await createDynamoDb(cloud);
  cleanup.add(() => dynamodb.close());
  const lambda = await createLambda(cloud, {
    iam,
    sqs,
    logs,
    overrides: () => ({ AWS_ENDPOINT_URL: server.endpoint, ...options.functionVariables() }),
    onLine: () => {},
    onInvocation: (invocation) => cloudwatch.put(functionErrors(invocation)),
    report,
  });
  cleanup.add(() => lambda.close());

  const scheduler = createScheduler(cloud, { iam, sqs, random, report });
  cleanup.add(() => scheduler.close());
  const organizations = createOrganizations(cloud, organizationOf(world));

  const secrets = createSecretsManager(cloud);
  const services = [
    iam,
    sts,
    events,
    sqs,
    states,
    dynamodb,
    lambda,
    secrets,
    createSecurityHub(),
    createSns(cloud, { sqs, report }),
    cloudwatch,
    createSsm(cloud),
    organizations,
    scheduler,
  ];
  for (const service of services) cloud.register(service);
  return {
    cloud,
    iam,
    sts,
    events,
    logs,
    lambda,
    secrets,
    cloudwatch,
    organizations,
    responses,
    endpoint: server.endpoint,
  };
}

/** Management and factory account stand below the root; the factory's is a delegated administrator. */
const organizationOf = (world: World): OrganizationsOptions => ({
  id: world.organizationId,
  managementAccountId: world.managementAccountId,
  delegatedAdministrators: [world.factoryAccountId],
  rootId: world.rootId,
  organizationalUnits: world.organizationalUnits,
  accounts: [
    { id: world.managementAccountId, parentId: world.rootId },
    { id: world.factoryAccountId, parentId: world.rootId },
    ...world.memberAccountIds.map((id, index) => ({
      id,
      parentId: world.organizationalUnits[index % world.organizationalUnits.length]?.id ?? world.rootId,
    })),
  ],
});
