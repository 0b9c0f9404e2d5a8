/**
 * The wire is built on schemas that the SDK exports and does not document. Here the SDK's own clients hold it to
 * them: every operation of every service, with every member of input and output filled.
 */
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as events from '@aws-sdk/client-eventbridge';
import * as iam from '@aws-sdk/client-iam';
import * as lambda from '@aws-sdk/client-lambda';
import * as organizations from '@aws-sdk/client-organizations';
import * as secretsmanager from '@aws-sdk/client-secrets-manager';
import * as states from '@aws-sdk/client-sfn';
import * as sqs from '@aws-sdk/client-sqs';
import * as ssm from '@aws-sdk/client-ssm';
import * as sts from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCloud } from '../../../sandbox/aws/cloud.ts';
import { type AwsServer, startAwsServer } from '../../../sandbox/aws/http-server.ts';
import { createIam } from '../../../sandbox/aws/iam.ts';
import { modelOf, type OperationModel } from '../../../sandbox/aws/schemas.ts';
import type { ServiceId } from '../../../sandbox/cloud.ts';
import { createRecorder } from '../../../sandbox/recorder.ts';
import { createTime } from '../../../sandbox/time.ts';
import { ACCOUNT, clientSettings } from './wire-harness.ts';
import { sample, streams } from './wire-samples.ts';

interface Client {
  send(command: object): Promise<object>;
}
type Constructor<T> = new (options: object) => T;

const SDK = {
  iam: [iam, 'IAMClient'],
  sts: [sts, 'STSClient'],
  events: [events, 'EventBridgeClient'],
  sqs: [sqs, 'SQSClient'],
  lambda: [lambda, 'LambdaClient'],
  states: [states, 'SFNClient'],
  dynamodb: [dynamodb, 'DynamoDBClient'],
  secretsmanager: [secretsmanager, 'SecretsManagerClient'],
  ssm: [ssm, 'SSMClient'],
  organizations: [organizations, 'OrganizationsClient'],
} as const satisfies Partial<Record<ServiceId, readonly [object, string]>>;
type WireService = keyof typeof SDK;
const SERVICES = Object.keys(SDK) as WireService[];

/** Members that change how the client calls, not what. */
const NOT_SENT: Readonly<Record<string, string>> = {
  // Asks for signatures of several regions.
  'events.PutEvents': 'EndpointId',
};

/** What the handler of the operation under test got, and what it answers. */
let received: unknown;
let reply: unknown;
let server: AwsServer;
const clients = new Map<WireService, Client>();

beforeAll(async () => {
  const time = createTime(1);
  const recorder = createRecorder({ time, random: () => 0 });
  const cloud = createCloud({ time, recorder, organization: { id: 'o-a1b2c3d4e5', accounts: [ACCOUNT] } });
  const { credentials } = createIam(cloud, { onCloudTrailRecord: () => {} }).createAdministrator(
    ACCOUNT,
    'a',
  );
  for (const id of SERVICES) {
    const names = [...(modelOf(id)?.operations.keys() ?? [])];
    const handler = (input: object): unknown => {
      received = input;
      return reply;
    };
    cloud.register({ id, operations: Object.fromEntries(names.map((name) => [name, handler])) });
  }
  const report = (error: unknown): never => {
    throw error;
  };
  server = await startAwsServer({ cloud, port: 0, control: () => {}, report });
  for (const id of SERVICES) {
    const [sdk, name] = SDK[id];
    const Constructor = (sdk as unknown as Record<string, Constructor<Client>>)[name];
    if (!Constructor) throw new Error(`no ${name}`);
    // Without what some clients do beyond the protocol: host prefixes, checksums of messages.
    const options = { ...clientSettings(server.endpoint, credentials), disableHostPrefix: true, md5: false };
    clients.set(id, new Constructor(options));
  }
});
afterAll(() => server.close());

describe.each(SERVICES)('%s', (id) => {
  const operations = [...(modelOf(id)?.operations.values() ?? [])].filter(
    ({ input, output }) => !streams(input) && !streams(output),
  );

  it('has operations', () => {
    expect(operations.length).toBeGreaterThan(5);
  });

  it.each(operations.map((operation) => [operation.name, operation] as const))(
    'carries %s in full, both ways',
    async (name, operation) => {
      const input = Object.fromEntries(
        Object.entries(sample(operation.input) as object).filter(
          ([member]) => NOT_SENT[`${id}.${name}`] !== member,
        ),
      );
      reply = withStatus(operation, sample(operation.output) as object);
      const [sdk] = SDK[id];
      const Command = (sdk as unknown as Record<string, Constructor<object>>)[`${name}Command`];
      if (!Command) throw new Error(`the SDK has no ${name}Command`);
      const answer: { $metadata?: object } = await clientOf(id).send(new Command(input));
      const { $metadata: _, ...output } = answer;
      expect(received).toEqual(input);
      expect(plain(output)).toEqual(plain(reply));
    },
  );
});

function clientOf(id: WireService): Client {
  const client = clients.get(id);
  if (!client) throw new Error(`no client of ${id}`);
  return client;
}

/** A member that is the HTTP status must be one. */
function withStatus({ output }: OperationModel, value: object): object {
  if (!output.isStructSchema()) return value;
  const status = [...output.structIterator()].find(([, member]) => member.getMergedTraits().httpResponseCode);
  return status ? { ...value, [status[0]]: 200 } : value;
}

/** Clients wrap bytes and numbers of JSON in classes of their own. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, item: unknown) =>
      item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item,
    ),
  );
