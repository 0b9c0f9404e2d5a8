/** A small cloud for the tests of EventBridge, SQS and Lambda: real IAM, two accounts of one organization, one outside. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCloud } from '../../../sandbox/aws/cloud.ts';
import { createEvents } from '../../../sandbox/aws/events.ts';
import { createIam } from '../../../sandbox/aws/iam.ts';
import { createLambda } from '../../../sandbox/aws/lambda.ts';
import { createLogs } from '../../../sandbox/aws/logs.ts';
import { createSqs } from '../../../sandbox/aws/sqs.ts';
import type { Caller, ServiceId } from '../../../sandbox/cloud.ts';
import { createRecorder } from '../../../sandbox/recorder.ts';
import { createTime } from '../../../sandbox/time.ts';

export const FACTORY = '111122223333';
export const MEMBER = '444455556666';
export const OUTSIDE = '999988887777';
export const ORGANIZATION = 'o-a1b2c3d4e5';
export const REGION = 'us-east-1';

export type Lab = Awaited<ReturnType<typeof createLab>>;

/** A hundredth of every wait unless told otherwise. `endpoint`: where functions and queue URLs find the wire. */
export async function createLab(scale = 0.01, endpoint = () => 'http://127.0.0.1:4566') {
  const time = createTime(scale);
  const recorder = createRecorder({ time, random: () => 0 });
  const cloud = createCloud({
    time,
    recorder,
    organization: { id: ORGANIZATION, accounts: [FACTORY, MEMBER] },
    otherAccounts: [OUTSIDE],
  });
  const problems: unknown[] = [];
  const lines: string[] = [];
  const iam = createIam(cloud, { onCloudTrailRecord: (record) => events.deliverCloudTrail(record) });
  const sqs = createSqs(cloud, { endpoint });
  const events = createEvents(cloud, { iam, sqs, report: (problem) => problems.push(problem) });
  const logs = createLogs(cloud, () => {});
  const lambda = await createLambda(cloud, {
    onInvocation: () => {},
    iam,
    sqs,
    logs,
    overrides: () => ({ AWS_ENDPOINT_URL: endpoint() }),
    onLine: ({ line }) => lines.push(line),
    report: (problem) => problems.push(problem),
  });
  for (const service of [iam, sqs, events, lambda]) cloud.register(service);

  const admins = new Map<string, Caller>();
  const admin = (accountId: string): Caller => {
    const known = admins.get(accountId) ?? iam.createAdministrator(accountId, 'administrator').caller;
    admins.set(accountId, known);
    return known;
  };
  const folders: string[] = [];

  const lab = {
    cloud,
    recorder,
    events,
    logs,
    lambda,
    lines,
    problems,
    admin,
    /** A call as the account's administrator. */
    call<Output = Record<string, unknown>>(
      service: ServiceId,
      operation: string,
      input: object,
      { accountId = FACTORY, region = REGION, as = admin(accountId) } = {},
    ): Promise<Output> {
      return cloud.invoke<Output>(service, operation, input, as, region);
    },
    /** A role that a service may assume, with one inline policy; its ARN. */
    async role(accountId: string, RoleName: string, service: string, statements: readonly object[]) {
      const as = admin(accountId);
      const trust = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
      await cloud.invoke(
        'iam',
        'CreateRole',
        { RoleName, AssumeRolePolicyDocument: document([trust]) },
        as,
        REGION,
      );
      const policy = { RoleName, PolicyName: 'inline', PolicyDocument: document(statements) };
      await cloud.invoke('iam', 'PutRolePolicy', policy, as, REGION);
      return `arn:aws:iam::${accountId}:role/${RoleName}`;
    },
    async queue(QueueName: string, attributes: Record<string, string> = {}, accountId = FACTORY) {
      const made = await lab.call<{ QueueUrl: string }>(
        'sqs',
        'CreateQueue',
        { QueueName, Attributes: attributes },
        { accountId },
      );
      return { url: made.QueueUrl, arn: `arn:aws:sqs:${REGION}:${accountId}:${QueueName}` };
    },
    /** What is in a queue now, waiting for up to a few real seconds until something is. */
    async messages(url: string, accountId = FACTORY) {
      const input = {
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      };
      for (let attempt = 0; attempt < 20; attempt++) {
        const { Messages = [] } = await lab.call<{
          Messages?: {
            Body: string;
            MessageId: string;
            ReceiptHandle: string;
            Attributes: Record<string, string>;
            MessageAttributes?: Record<string, { StringValue: string }>;
          }[];
        }>('sqs', 'ReceiveMessage', input, { accountId });
        if (Messages.length > 0) return Messages;
      }
      return [];
    },
    /** A folder with this code as `index.js`. */
    code(source: string): string {
      const folder = mkdtempSync(join(tmpdir(), 'function-'));
      folders.push(folder);
      writeFileSync(join(folder, 'index.js'), source);
      return folder;
    },
    async close() {
      events.close();
      await lambda.close();
      for (const folder of folders) rmSync(folder, { recursive: true });
    },
  };
  return lab;
}

export const document = (statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** Polls until the check gives something else than undefined or false. */
export async function eventually<T>(
  check: () => T | false | undefined | Promise<T | false | undefined>,
): Promise<T> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const result = await check();
    if (result !== undefined && result !== false) return result;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not come about');
}
