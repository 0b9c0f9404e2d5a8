/** The local AWS: every service, joined, behind one endpoint. */
import { type AwsCloud, createCloud } from './aws/cloud.ts';
import type { CloudTrailRecord } from './aws/cloudtrail.ts';
import { createDynamoDb } from './aws/dynamodb.ts';
import { createEvents, type EventsService } from './aws/events.ts';
import { startAwsServer } from './aws/http-server.ts';
import { createIam, type Iam } from './aws/iam.ts';
import { createLambda, type LambdaService } from './aws/lambda.ts';
import { createLogs, type LogsService } from './aws/logs.ts';
import { createSecretsManager } from './aws/secretsmanager.ts';
import { createSecurityHub } from './aws/securityhub.ts';
import { createSqs } from './aws/sqs.ts';
import { createSsm } from './aws/ssm.ts';
import { createStates } from './aws/states.ts';
import { createSts, type Sts } from './aws/sts.ts';
import type { Cleanup } from './cleanup.ts';
import type { PolicyUse, SandboxTime } from './cloud.ts';
import type { Control } from './control.ts';
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
      accounts: [world.factoryAccountId, ...world.memberAccountIds],
    },
    otherAccounts: [world.outsideAccountId],
    ...(options.onPolicyUse && { onPolicyUse: options.onPolicyUse }),
  });
  const server = await startAwsServer({ cloud, port: options.port, control: options.control, report });
  cleanup.add(() => server.close());

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
  const logs = createLogs(cloud);
  const states = createStates(cloud, { iam, random });
  cleanup.add(() => states.close());
  const dynamodb = await createDynamoDb(cloud);
  cleanup.add(() => dynamodb.close());
  const lambda = await createLambda(cloud, {
    iam,
    sqs,
    logs,
    overrides: () => ({ AWS_ENDPOINT_URL: server.endpoint, ...options.functionVariables() }),
    onLine: () => {},
    report,
  });
  cleanup.add(() => lambda.close());

  const services = [
    iam,
    sts,
    events,
    sqs,
    states,
    dynamodb,
    lambda,
    createSecretsManager(cloud),
    createSecurityHub(),
    createSsm(cloud),
  ];
  for (const service of services) cloud.register(service);
  return { cloud, iam, sts, events, logs, lambda, endpoint: server.endpoint };
}
