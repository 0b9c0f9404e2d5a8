/** The partition key value of a request: policies may confine a caller to it (`dynamodb:LeadingKeys`). */
import type { AttributeValue, QueryInput } from '@aws-sdk/client-dynamodb';

export interface TableKeys {
  /** Name of the table's partition key. */
  readonly hash: string;
  /** That of its sort key, where it has one. */
  readonly range: string | undefined;
  /** Those of its indexes. */
  readonly indexes: ReadonlyMap<string, string>;
}

export const leadingKeyOf = (
  attributes: Readonly<Record<string, AttributeValue>> | undefined,
  keys: TableKeys,
): string | undefined => textOf(attributes?.[keys.hash]);

/** The key of an item, which may hold more. */
export const keyAttributesOf = (
  item: Readonly<Record<string, AttributeValue>>,
  { hash, range }: TableKeys,
): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(item).filter(([name]) => name === hash || name === range));

/** DynamoDB demands that a key condition compares the partition key with `=`. */
export function queriedKey(input: QueryInput, keys: TableKeys): string | undefined {
  const hash = input.IndexName === undefined ? keys.hash : keys.indexes.get(input.IndexName);
  const { KeyConditionExpression = '', ExpressionAttributeNames, ExpressionAttributeValues } = input;
  for (const [, name = '', value = ''] of KeyConditionExpression.matchAll(/([#\w.-]+)\s*=\s*(:\w+)/g)) {
    if ((ExpressionAttributeNames?.[name] ?? name) === hash)
      return textOf(ExpressionAttributeValues?.[value]);
  }
  return undefined;
}

const textOf = (value: AttributeValue | undefined): string | undefined =>
  value?.S ?? value?.N ?? (value?.B && Buffer.from(value.B).toString('base64'));
