/** Mistakes that everybody meets, in the factory account and in the tenant. One at a time. */
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeEventBusCommand,
  EventBridgeClient,
  PutPermissionCommand,
} from '@aws-sdk/client-eventbridge';
import {
  DeleteRolePolicyCommand,
  DisableOutboundWebIdentityFederationCommand,
  EnableOutboundWebIdentityFederationCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import type { Broken, Lab, Served, SetUp, SetUps } from './lab.ts';

const ofFactory = ({ factory }: Lab) => ({
  ...factory.awsOptions,
  credentials: { ...factory.sandbox.ready.aws.factory },
});

const BUS = 'oidc-factory';

/** The bus with another policy, until it has its own again. */
const withBusPolicy =
  (change: (policy: string) => string) =>
  async (lab: Lab, role: Served): Promise<Broken> => {
    const events = new EventBridgeClient(ofFactory(lab));
    const { Policy = '' } = await events.send(new DescribeEventBusCommand({ Name: BUS }));
    const put = (policy: string) =>
      events.send(new PutPermissionCommand({ EventBusName: BUS, Policy: policy }));
    await put(change(Policy));
    return { role: () => role, mend: () => put(Policy) };
  };

/** The record of the role's account as if something had come to pass there; a sweep writes it as it is now. */
const withRecord =
  (change: (record: Item) => Item | undefined) =>
  async (lab: Lab, role: Served): Promise<Broken> => {
    const dynamo = new DynamoDBClient(ofFactory(lab));
    const { TableNames } = await dynamo.send(new ListTablesCommand({}));
    const TableName = TableNames?.find((name) => name.includes('Ledger'));
    const Key = { role: { S: 'account' }, roleId: { S: lab.member(role.member).accountId } };
    const { Item = {} } = await dynamo.send(new GetItemCommand({ TableName, Key }));
    const changed = change(Item);
    if (changed) await dynamo.send(new PutItemCommand({ TableName, Item: changed }));
    else await dynamo.send(new DeleteItemCommand({ TableName, Key }));
    return { role: () => role, mend: () => lab.sweep(role.member) };
  };
type Item = Record<string, AttributeValue>;

/** A role that is created while nobody takes events, and served when they are taken again. */
async function waiting(lab: Lab, name: string, mend: () => Promise<unknown>): Promise<Broken> {
  const role = await lab.create(0, name);
  return { role: () => role, mend, works: () => lab.whenServed(role) };
}

const PLAYS: Readonly<Record<string, (lab: Lab, role: Served) => Promise<Broken>>> = {
  BusRefuses: withBusPolicy((policy) => policy.replace('o-a1b2c3d4e5', 'o-zzzzzzzzzz')),

  BusOpen: withBusPolicy((policy) => {
    const document = JSON.parse(policy);
    const { Condition: _, ...open } = document.Statement[0];
    return JSON.stringify({ ...document, Statement: [...document.Statement, { ...open, Sid: 'Anybody' }] });
  }),

  async DispatcherStopped(lab) {
    const lambda = new LambdaClient(ofFactory(lab));
    const { EventSourceMappings: [mapping] = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
    const enable = (Enabled: boolean) =>
      lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping?.UUID, Enabled }));
    await enable(false);
    return waiting(lab, 'while-stopped', () => enable(true));
  },

  async EventsWaiting(lab) {
    const iam = new IAMClient(ofFactory(lab));
    const denial = { RoleName: 'oidc-factory-dispatch-role-event', PolicyName: 'denied-by-somebody' };
    const statement = { Effect: 'Deny', Action: 'sqs:ReceiveMessage', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await iam.send(new PutRolePolicyCommand({ ...denial, PolicyDocument }));
    return waiting(lab, 'while-waiting', () => iam.send(new DeleteRolePolicyCommand(denial)));
  },

  async OutboundFederationDisabled(lab, role) {
    const iam = new IAMClient(ofFactory(lab));
    await iam.send(new DisableOutboundWebIdentityFederationCommand({}));
    const mend = () => iam.send(new EnableOutboundWebIdentityFederationCommand({}));
    return { role: () => role, mend };
  },

  NotEnrolled: withRecord(() => undefined),

  ProviderContested: withRecord((record) => ({ ...record, notes: { L: [{ S: 'provider-contested' }] } })),

  HeartbeatMissing: withRecord(({ heartbeatSeenAt: _, ...record }) => ({
    ...record,
    enrolledAt: { S: '2026-01-01T00:00:00.000Z' },
  })),

  async DirectoryLoginFailed(lab, role) {
    const path = `/applications(appId='${lab.factory.sandbox.world.factoryAppId}')/federatedIdentityCredentials`;
    const { value } = await lab.graph('GET', path);
    const { id, ...credential } = value[0];
    await lab.graph('DELETE', `${path}/${id}`);
    return { role: () => role, mend: () => lab.graph('POST', path, credential) };
  },

  async DirectoryForbidden(lab, role) {
    const path = `/servicePrincipals/${lab.factory.sandbox.world.factoryServicePrincipalId}/appRoleAssignments`;
    const { value } = await lab.graph('GET', path);
    const [{ id, principalId, resourceId, appRoleId }] = value;
    await lab.graph('DELETE', `${path}/${id}`);
    return { role: () => role, mend: () => lab.graph('POST', path, { principalId, resourceId, appRoleId }) };
  },

  /** Each was made and deleted by the factory, in a life that nobody waits for here. */
  async DirectoryQuotaExceeded(lab, role) {
    const { entra, world } = lab.factory.sandbox;
    const made = Array.from({ length: 250 }, (_, index) =>
      entra.directory.addApplication({
        displayName: `of a role ${index}`,
        createdByAppId: world.factoryAppId,
      }),
    );
    for (const application of made) entra.directory.softDelete(application);
    const purge = () =>
      Promise.all(made.map(({ id }) => lab.graph('DELETE', `/directory/deletedItems/${id}`)));
    return { role: () => role, mend: purge };
  },

  async PlaceholderNotReserved(lab, role) {
    const path = `/servicePrincipals/${lab.factory.sandbox.world.reservationServicePrincipalId}`;
    await lab.graph('PATCH', path, { accountEnabled: true });
    return { role: () => role, mend: () => lab.graph('PATCH', path, { accountEnabled: false }) };
  },

  /** STS asks for the keys at each of the library's six attempts. */
  async ProviderKeysUnavailable(lab, role) {
    lab.factory.sandbox.recorder.inject({
      cloud: 'entra',
      operation: 'GET /discovery/keys',
      kind: 'error',
      times: 6,
    });
    return { role: () => role, workload: () => lab.enter(role.workload), mend: async () => {} };
  },
};

/** `role`: a served one that they look at and leave as it is. */
export const factorySetUps = (role: () => Promise<Served>): SetUps =>
  Object.fromEntries(
    Object.entries(PLAYS).map(([code, play]): [string, SetUp] => [
      code,
      async (lab) => play(lab, await role()),
    ]),
  );
