/**
 * Amazon DynamoDB: dynalite in memory, one store for each account and region, behind the authorization of the
 * sandbox. What dynalite would ignore is refused. Settings of tables that change no answer (time to live,
 * point-in-time recovery) are kept and shown; nothing expires.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type * as Dynamo from '@aws-sdk/client-dynamodb';
import {
  type AttributeValue,
  BatchGetItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import {
  type Cloud,
  type OperationHandler,
  type SandboxTime,
  type ServiceCall,
  type ServiceDefinition,
  ServiceError,
} from '../cloud.ts';
import { leadingKeyOf, queriedKey, type TableKeys } from './dynamodb-keys.ts';
import { PerformedTokens, performAll, Turns, transactedWrites } from './dynamodb-transactions.ts';
import { arnOf, given, parseArn, Regional } from './regional.ts';

export interface DynamoDbService extends ServiceDefinition {
  close(): Promise<void>;
}

interface Table {
  readonly arn: string;
  readonly keys: TableKeys;
  readonly deletionProtected: boolean;
  timeToLive?: Dynamo.TimeToLiveSpecification;
  pointInTimeRecovery?: { readonly enabled: boolean; readonly days: number };
}

interface Store {
  readonly server: Server;
  readonly client: DynamoDBClient;
  readonly turns: Turns;
  readonly tokens: PerformedTokens;
}

/** What of CreateTable means something here; the rest is refused. */
const TABLE_MEMBERS = [
  'TableName',
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'ProvisionedThroughput',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
  'DeletionProtectionEnabled',
];
const RECOVERY_DAYS = 35;

export function createDynamoDb(cloud: Cloud): DynamoDbService {
  const stores = new Regional((_, region) => startStore(region, cloud.time));
  const regions = new Regional(() => new Map<string, Table>());

  const arnIn = (call: ServiceCall, name: string) =>
    arnOf('dynamodb', call.region, call.caller.accountId, `table/${name}`);
  const storeOf = (call: ServiceCall) => stores.of(call.caller.accountId, call.region);
  const clientOf = async (call: ServiceCall) => (await storeOf(call)).client;

  /** A table by name or ARN, once the caller is allowed the operation on it or on its index. */
  function authorized(
    input: { TableName?: string | undefined; IndexName?: string | undefined },
    call: ServiceCall,
    leadingKeys: (keys: TableKeys) => readonly (string | undefined)[] = () => [],
    action = call.operation,
  ): { name: string; table: Table } {
    const { TableName: text = '', IndexName: index } = input;
    const arn = text.startsWith('arn:') ? text : arnIn(call, text);
    const name = parseArn(arn)?.resource.replace('table/', '') ?? '';
    const table = arn === arnIn(call, name) ? tableOf(call, name) : undefined;
    const keys = table ? leadingKeys(table.keys).filter((key) => key !== undefined) : [];
    call.authorize({
      action: `dynamodb:${action}`,
      resource: index === undefined ? arn : `${arn}/index/${index}`,
      resourceAccountId: parseArn(arn)?.accountId ?? '',
      ...(keys.length > 0 && { context: { 'dynamodb:LeadingKeys': keys } }),
    });
    if (table) return { name, table };
    throw new ResourceNotFoundException({ message: 'Requested resource not found', $metadata: {} });
  }

  const tableOf = (call: ServiceCall, name: string) =>
    regions.of(call.caller.accountId, call.region).get(name);

  /** Calls to dynalite that have no answer yet. */
  const inFlight = new Set<Promise<unknown>>();

  /** An operation on items: dynalite's, once it is allowed. */
  function onItems<Input extends { TableName: string | undefined }>(
    send: (client: DynamoDBClient, input: Input) => Promise<{ $metadata: unknown }>,
    keyOf: (input: Input, keys: TableKeys) => string | undefined,
  ): OperationHandler {
    return async (input: Input, call) => {
      const { name } = authorized(input, call, (keys) => [keyOf(input, keys)]);
      refuse(input, ['ReturnValuesOnConditionCheckFailure', 'KeyConditions']);
      const { client, turns } = await storeOf(call);
      return answer(awaited(turns.besideOthers(() => send(client, { ...input, TableName: name }))));
    };
  }

  function awaited<T>(sent: Promise<T>): Promise<T> {
    inFlight.add(sent);
    return sent.finally(() => inFlight.delete(sent));
  }
  const byKey = (input: { Key?: Record<string, AttributeValue> | undefined }, keys: TableKeys) =>
    leadingKeyOf(input.Key, keys);

  async function describe(name: string, table: Table, client: DynamoDBClient) {
    const { Table: shown } = await answer(client.send(new DescribeTableCommand({ TableName: name })));
    return { Table: withArns(shown, table) };
  }

  return {
    id: 'dynamodb',
    async close() {
      // dynalite goes on with a request whose connection is gone, and throws where nobody catches.
      while (inFlight.size > 0) await Promise.allSettled(inFlight);
      const started = await Promise.all(stores.all());
      await Promise.all(started.map(({ client, server }) => stopStore(client, server)));
    },

    operations: {
      GetItem: onItems<Dynamo.GetItemInput>((client, input) => client.send(new GetItemCommand(input)), byKey),
      UpdateItem: onItems<Dynamo.UpdateItemInput>(
        (client, input) => client.send(new UpdateItemCommand(input)),
        byKey,
      ),
      DeleteItem: onItems<Dynamo.DeleteItemInput>(
        (client, input) => client.send(new DeleteItemCommand(input)),
        byKey,
      ),
      PutItem: onItems<Dynamo.PutItemInput>(
        (client, input) => client.send(new PutItemCommand(input)),
        ({ Item }, keys) => leadingKeyOf(Item, keys),
      ),
      Query: onItems<Dynamo.QueryInput>((client, input) => client.send(new QueryCommand(input)), queriedKey),
      Scan: onItems<Dynamo.ScanInput>(
        (client, input) => client.send(new ScanCommand(input)),
        () => undefined,
      ),

      async BatchGetItem(input: Dynamo.BatchGetItemInput, call) {
        refuse(
          input,
          given(input).filter((member) => member !== 'RequestItems'),
        );
        for (const [TableName, { Keys = [] }] of Object.entries(input.RequestItems ?? {})) {
          if (TableName.startsWith('arn:'))
            throw invalid('The sandbox takes names of tables here, not ARNs.');
          authorized({ TableName }, call, (keys) => Keys.map((key) => leadingKeyOf(key, keys)));
        }
        const { client, turns } = await storeOf(call);
        return answer(awaited(turns.besideOthers(() => client.send(new BatchGetItemCommand(input)))));
      },

      async TransactWriteItems(input: Dynamo.TransactWriteItemsInput, call) {
        const { TransactItems = [], ClientRequestToken: token, ...others } = input;
        refuse(others, given(others));
        const writes = transactedWrites(TransactItems);
        // Whether AWS shows each action the keys of all of its table, or its own alone, is not certain: all of them.
        const leadingKeys = (table: string | undefined) => (keys: TableKeys) =>
          writes.filter((write) => write.table === table).map(({ target }) => leadingKeyOf(target, keys));
        const targets = writes.map((write) => {
          const { name, table } = authorized(
            { TableName: write.table },
            call,
            leadingKeys(write.table),
            write.action,
          );
          return { ...write, name, keys: table.keys };
        });
        const { client, turns, tokens } = await storeOf(call);
        const performing = turns.alone(async () => {
          if (tokens.isPerformed(token, TransactItems)) return;
          await performAll(client, targets);
          tokens.remember(token, TransactItems);
        });
        await answer(awaited(performing.then(() => ({ $metadata: {} }))));
        return {};
      },

      async CreateTable(input: Dynamo.CreateTableInput, call) {
        const name = input.TableName ?? '';
        call.authorize({ action: 'dynamodb:CreateTable', resource: arnIn(call, name) });
        refuse(
          input,
          given(input).filter((member) => !TABLE_MEMBERS.includes(member)),
        );
        const { DeletionProtectionEnabled: deletionProtected = false, ...known } = input;
        const client = await clientOf(call);
        const { TableDescription } = await answer(client.send(new CreateTableCommand(known)));
        const table: Table = { arn: arnIn(call, name), keys: keysOf(input), deletionProtected };
        await untilActive(client, name);
        regions.of(call.caller.accountId, call.region).set(name, table);
        return { TableDescription: withArns(TableDescription, table) };
      },

      async DescribeTable(input: Dynamo.DescribeTableInput, call) {
        const { name, table } = authorized(input, call);
        return describe(name, table, await clientOf(call));
      },

      async ListTables(input: Dynamo.ListTablesInput, call) {
        call.authorize({ action: 'dynamodb:ListTables', resource: '*' });
        const client = await clientOf(call);
        return answer(client.send(new ListTablesCommand(input)));
      },

      async DeleteTable(input: Dynamo.DeleteTableInput, call) {
        const { name, table } = authorized(input, call);
        if (table.deletionProtected) {
          throw invalid(`Resource cannot be deleted as it is currently protected against deletion.`);
        }
        const client = await clientOf(call);
        const { TableDescription } = await answer(client.send(new DeleteTableCommand({ TableName: name })));
        regions.of(call.caller.accountId, call.region).delete(name);
        return { TableDescription: withArns(TableDescription, table) };
      },

      UpdateTimeToLive(input: Dynamo.UpdateTimeToLiveInput, call) {
        const { table } = authorized(input, call);
        const { TimeToLiveSpecification } = input;
        if (!TimeToLiveSpecification) throw invalid('TimeToLiveSpecification is required');
        table.timeToLive = TimeToLiveSpecification;
        return { TimeToLiveSpecification };
      },

      DescribeTimeToLive(input: Dynamo.DescribeTimeToLiveInput, call) {
        const { timeToLive } = authorized(input, call).table;
        return {
          TimeToLiveDescription: timeToLive?.Enabled
            ? { TimeToLiveStatus: 'ENABLED', AttributeName: timeToLive.AttributeName }
            : { TimeToLiveStatus: 'DISABLED' },
        };
      },

      UpdateContinuousBackups(input: Dynamo.UpdateContinuousBackupsInput, call) {
        const { table } = authorized(input, call);
        const recovery = input.PointInTimeRecoverySpecification;
        const { PointInTimeRecoveryEnabled: enabled = false, RecoveryPeriodInDays: days = RECOVERY_DAYS } =
          recovery ?? {};
        table.pointInTimeRecovery = { enabled, days };
        return backupsOf(table);
      },

      DescribeContinuousBackups: (input: Dynamo.DescribeContinuousBackupsInput, call) =>
        backupsOf(authorized(input, call).table),
    },
  };

  /** DynamoDB takes seconds here; the caller of the sandbox does not have to wait. */
  async function untilActive(client: DynamoDBClient, name: string): Promise<void> {
    for (;;) {
      const { Table: table } = await answer(client.send(new DescribeTableCommand({ TableName: name })));
      const indexes = table?.GlobalSecondaryIndexes ?? [];
      const statuses = [table?.TableStatus, ...indexes.map(({ IndexStatus }) => IndexStatus)];
      if (statuses.every((status) => status === 'ACTIVE')) return;
      await cloud.time.sleep(100);
    }
  }
}

async function startStore(region: string, time: SandboxTime): Promise<Store> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  // Idle connections stay open: one that closes as the client takes it up fails a call.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new DynamoDBClient({ endpoint, region, credentials, maxAttempts: 1 });
  return { server, client, turns: new Turns(), tokens: new PerformedTokens(time) };
}

async function stopStore(client: DynamoDBClient, server: Server): Promise<void> {
  client.destroy();
  await new Promise<void>((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}

/** dynalite's answer without what belongs to that connection; its errors as the service's. */
async function answer<Output extends { $metadata: unknown }>(
  sent: Promise<Output>,
): Promise<Omit<Output, '$metadata'>> {
  try {
    const { $metadata: _, ...output } = await sent;
    return output;
  } catch (error) {
    // Codes that the SDK has no class for come as the base class.
    if (!(error instanceof DynamoDBServiceException)) throw error;
    if (error.constructor === DynamoDBServiceException) throw new ServiceError(error.name, error.message);
    throw error;
  }
}

function keysOf(input: Dynamo.CreateTableInput): TableKeys {
  const hashOf = (schema: readonly Dynamo.KeySchemaElement[] | undefined) =>
    schema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '';
  const indexes = [...(input.GlobalSecondaryIndexes ?? []), ...(input.LocalSecondaryIndexes ?? [])];
  return {
    hash: hashOf(input.KeySchema),
    range: input.KeySchema?.find(({ KeyType }) => KeyType === 'RANGE')?.AttributeName,
    indexes: new Map(indexes.map(({ IndexName = '', KeySchema }) => [IndexName, hashOf(KeySchema)])),
  };
}

/** dynalite knows neither account nor region. */
function withArns(shown: Dynamo.TableDescription | undefined, table: Table): Dynamo.TableDescription {
  const indexed = <Index extends { IndexName?: string | undefined }>(indexes: Index[]) =>
    indexes.map((index) => ({ ...index, IndexArn: `${table.arn}/index/${index.IndexName}` }));
  return {
    ...shown,
    TableArn: table.arn,
    DeletionProtectionEnabled: table.deletionProtected,
    ...(shown?.GlobalSecondaryIndexes && { GlobalSecondaryIndexes: indexed(shown.GlobalSecondaryIndexes) }),
    ...(shown?.LocalSecondaryIndexes && { LocalSecondaryIndexes: indexed(shown.LocalSecondaryIndexes) }),
  };
}

const backupsOf = ({ pointInTimeRecovery: recovery }: Table) => ({
  ContinuousBackupsDescription: {
    ContinuousBackupsStatus: 'ENABLED',
    PointInTimeRecoveryDescription: recovery?.enabled
      ? { PointInTimeRecoveryStatus: 'ENABLED', RecoveryPeriodInDays: recovery.days }
      : { PointInTimeRecoveryStatus: 'DISABLED' },
  },
});

function refuse(input: object, members: readonly string[]): void {
  const found = given(input, members);
  if (found.length > 0) throw invalid(`The sandbox does not support ${found.join(', ')} here.`);
}

const invalid = (message: string) => new ServiceError('ValidationException', message);
