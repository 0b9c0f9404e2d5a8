/** A cloud with IAM and STS behind its HTTP server, for tests that use real clients. */
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { type AwsCloud, createCloud } from '../../../sandbox/aws/cloud.ts';
import type { CloudTrailRecord } from '../../../sandbox/aws/cloudtrail.ts';
import { type AwsServer, startAwsServer } from '../../../sandbox/aws/http-server.ts';
import { createIam, type Iam } from '../../../sandbox/aws/iam.ts';
import { createSts, type Sts } from '../../../sandbox/aws/sts.ts';
import type { Caller, Credentials, PolicyUse, SandboxTime } from '../../../sandbox/cloud.ts';
import { createRecorder, type SandboxRecorder } from '../../../sandbox/recorder.ts';
import { createTime } from '../../../sandbox/time.ts';

export const ACCOUNT = '111122223333';
export const OTHER = '444455556666';
export const OUTSIDE = '777788889999';
export const ORGANIZATION = 'o-a1b2c3d4e5';

export interface Harness {
  readonly cloud: AwsCloud;
  readonly iam: Iam;
  readonly sts: Sts;
  readonly server: AwsServer;
  readonly recorder: SandboxRecorder;
  readonly records: CloudTrailRecord[];
  readonly uses: PolicyUse[];
  /** Documents of issuers by URL. */
  readonly issuers: Map<string, unknown>;
  /** Errors that were no service's. */
  readonly defects: unknown[];
  readonly admin: { caller: Caller; credentials: Credentials };
  /** Clients of the administrator, or of whoever has the credentials. */
  iamClient(credentials?: Credentials): IAMClient;
  stsClient(credentials?: Credentials): STSClient;
  close(): Promise<void>;
}

export async function startHarness(time: SandboxTime = createTime(1)): Promise<Harness> {
  const recorder = createRecorder({ time, random: () => 0 });
  const uses: PolicyUse[] = [];
  const records: CloudTrailRecord[] = [];
  const defects: unknown[] = [];
  const issuers = new Map<string, unknown>();
  const cloud = createCloud({
    time,
    recorder,
    organization: { id: ORGANIZATION, accounts: [ACCOUNT, OTHER] },
    otherAccounts: [OUTSIDE],
    onPolicyUse: (use) => uses.push(use),
  });
  const iam = createIam(cloud, { onCloudTrailRecord: (record) => records.push(record) });
  const sts = createSts(cloud, {
    fetchJson: async (url) => {
      if (!issuers.has(url)) throw new Error(`nothing at ${url}`);
      return issuers.get(url);
    },
  });
  cloud.register(iam);
  cloud.register(sts);
  const server = await startAwsServer({
    cloud,
    port: 0,
    control: (_request, response) => void response.end('control'),
    report: (error) => defects.push(error),
  });
  const admin = iam.createAdministrator(ACCOUNT, 'admin');
  const settings = (credentials: Credentials) => clientSettings(server.endpoint, credentials);
  return {
    cloud,
    iam,
    sts,
    server,
    recorder,
    records,
    uses,
    issuers,
    defects,
    admin,
    iamClient: (credentials = admin.credentials) => new IAMClient(settings(credentials)),
    stsClient: (credentials = admin.credentials) => new STSClient(settings(credentials)),
    close: () => server.close(),
  };
}

/** Only what identifies: a key's dates are no part of an SDK's credentials. */
export const clientSettings = (
  endpoint: string,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
) => ({
  endpoint,
  region: 'us-east-1',
  maxAttempts: 1,
  credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
});

/** A trust policy with one statement. */
export const trust = (statement: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });

export const trustAccount = (accountId: string, condition: object = {}): string =>
  trust({
    Principal: { AWS: `arn:aws:iam::${accountId}:root` },
    Action: 'sts:AssumeRole',
    Condition: condition,
  });

export const allow = (...statements: object[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })),
  });

let users = 0;

/** A new user of the administrator's account with this inline policy, `only`; its ARN and a client of it. */
export async function userWith(
  harness: Harness,
  policy: string,
  boundary?: string,
): Promise<{ arn: string; client: IAMClient }> {
  const admin = harness.iamClient();
  const UserName = `user-${++users}`;
  await admin.send(
    new CreateUserCommand({ UserName, ...(boundary !== undefined && { PermissionsBoundary: boundary }) }),
  );
  await admin.send(new PutUserPolicyCommand({ UserName, PolicyName: 'only', PolicyDocument: policy }));
  const { AccessKey } = await admin.send(new CreateAccessKeyCommand({ UserName }));
  const client = harness.iamClient({
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  });
  return { arn: `arn:aws:iam::${ACCOUNT}:user/${UserName}`, client };
}

/** A role of the administrator's account that trusts that account. */
export async function makeRole(
  harness: Harness,
  name: string,
  path = '/',
  tags: Readonly<Record<string, string>> = {},
): Promise<void> {
  await harness.iamClient().send(
    new CreateRoleCommand({
      RoleName: name,
      Path: path,
      AssumeRolePolicyDocument: trustAccount(ACCOUNT),
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  );
}

/** The error's name, as clients branch on it; fails where nothing is thrown. */
export async function errorOf(promise: Promise<unknown>): Promise<{ name: string; message: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return { name: error.name, message: error.message };
    throw error;
  }
  throw new Error('expected the call to fail');
}
