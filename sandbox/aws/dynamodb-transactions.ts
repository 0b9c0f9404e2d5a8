/** TransactWriteItems on a store that has none: all or nothing, alone in its store, with DynamoDB's reasons. */
import { createHash } from 'node:crypto';
import {
  type AttributeValue,
  type CancellationReason,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  IdempotentParameterMismatchException,
  PutItemCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type SandboxTime, ServiceError } from '../cloud.ts';
import { keyAttributesOf, type TableKeys } from './dynamodb-keys.ts';
import { given } from './regional.ts';

type Item = Record<string, AttributeValue>;

/** One write of a transaction, by its own operation and where it goes. */
export interface TransactedWrite {
  readonly action: 'PutItem' | 'UpdateItem' | 'DeleteItem';
  readonly table: string | undefined;
  /** The item of a Put, the key of the others. */
  readonly target: Item;
  readonly write: TransactWriteItem;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const MOST_WRITES = 100;
const REMEMBERED_SECONDS = 600;

/** The writes of a request; ValidationException for what the sandbox does not perform. */
export function transactedWrites(items: readonly TransactWriteItem[]): TransactedWrite[] {
  if (items.length === 0 || items.length > MOST_WRITES) {
    throw invalid(`Expected 1 to ${MOST_WRITES} actions in a transaction.`);
  }
  return items.map((write) => {
    const { Put, Update, Delete } = write;
    const [action, ...others] = given(write);
    if (others.length > 0 || action === undefined) throw invalid('Expected one action in each item.');
    const body = Put ?? Update ?? Delete;
    if (!body) throw invalid(`The sandbox does not support ${action} in a transaction.`);
    const unserved = given(body, ['ReturnValuesOnConditionCheckFailure']);
    if (unserved.length > 0) throw invalid(`The sandbox does not support ${unserved.join(', ')} here.`);
    const target = Put?.Item ?? Update?.Key ?? Delete?.Key ?? {};
    const operation = Put ? 'PutItem' : Update ? 'UpdateItem' : 'DeleteItem';
    return { action: operation, table: body.TableName, target, write };
  });
}

/** Performs all writes or none. TransactionCanceledException where one cannot be. */
export async function performAll(
  client: DynamoDBClient,
  writes: readonly (TransactedWrite & { readonly name: string; readonly keys: TableKeys })[],
): Promise<void> {
  const keys = writes.map((write) => ({
    TableName: write.name,
    Key: keyAttributesOf(write.target, write.keys),
  }));
  if (new Set(keys.map((key) => JSON.stringify(key))).size < keys.length) {
    throw invalid('Transaction request cannot include multiple operations on one item');
  }
  const befores = await Promise.all(
    keys.map((key) => client.send(new GetItemCommand({ ...key, ConsistentRead: true }))),
  );
  const undo = (upTo: number) =>
    Promise.all(
      keys.slice(0, upTo).map(({ TableName, Key }, index) => {
        const before = befores[index]?.Item;
        return before
          ? client.send(new PutItemCommand({ TableName, Item: before }))
          : client.send(new DeleteItemCommand({ TableName, Key }));
      }),
    );
  const reasons: CancellationReason[] = [];
  for (const { write, name } of writes) {
    try {
      await perform(client, write, name);
      reasons.push({ Code: 'None' });
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) {
        await undo(reasons.length);
        throw error;
      }
      reasons.push({ Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' });
    }
  }
  const codes = reasons.map(({ Code }) => Code);
  if (codes.every((code) => code === 'None')) return;
  await undo(writes.length);
  throw new TransactionCanceledException({
    message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`,
    CancellationReasons: reasons,
    $metadata: {},
  });
}

async function perform(
  client: DynamoDBClient,
  { Put, Update, Delete }: TransactWriteItem,
  TableName: string,
): Promise<void> {
  if (Put) await client.send(new PutItemCommand({ ...Put, TableName }));
  if (Update) await client.send(new UpdateItemCommand({ ...Update, TableName }));
  if (Delete) await client.send(new DeleteItemCommand({ ...Delete, TableName }));
}

/** Tokens of requests that were performed: the same request again is done already, another one is a mistake. */
export class PerformedTokens {
  readonly #requests = new Map<string, { readonly request: string; readonly at: number }>();
  readonly #time: SandboxTime;

  constructor(time: SandboxTime) {
    this.#time = time;
  }

  isPerformed(token: string | undefined, input: object): boolean {
    const known = token === undefined ? undefined : this.#requests.get(token);
    if (!known || this.#time.now() - known.at > REMEMBERED_SECONDS * 1000) return false;
    if (known.request === digest(input)) return true;
    throw new IdempotentParameterMismatchException({
      message: 'The request uses the same client token as a previous, but non-identical request.',
      $metadata: {},
    });
  }

  remember(token: string | undefined, input: object): void {
    if (token !== undefined) this.#requests.set(token, { request: digest(input), at: this.#time.now() });
  }
}

const digest = (input: object): string => createHash('sha256').update(JSON.stringify(input)).digest('base64');

/** Who is alone in a store, and who may be there beside others. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  readonly #beside = new Set<Promise<unknown>>();

  async besideOthers<T>(run: () => Promise<T>): Promise<T> {
    for (let seen: unknown; seen !== this.#last; ) {
      seen = this.#last;
      await seen;
    }
    const running = run();
    this.#beside.add(running);
    return running.finally(() => this.#beside.delete(running));
  }

  alone<T>(run: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const turn = (async () => {
      await before;
      await Promise.allSettled(this.#beside);
      return run();
    })();
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

const invalid = (message: string) => new ServiceError('ValidationException', message);
