/** IAM's constraints on names, paths, descriptions and tags. Lengths and alphabets are those of the IAM API reference. */

import { invalidInput, invalidValue, limitExceeded } from './errors.ts';
import type { Tags } from './store.ts';

const NAME = /^[\w+=,.@-]+$/;

/** Names of roles and their policies, users (64 characters) and of policies (128). */
export function checkName(value: string, member: string, maximum = 64): void {
  if (!NAME.test(value)) {
    throw invalidValue(value, member, 'satisfy regular expression pattern: [\\w+=,.@-]+');
  }
  if (value.length > maximum) throw tooLong(value, member, maximum);
}

const tooLong = (value: string, member: string, maximum: number) =>
  invalidValue(value, member, `have length less than or equal to ${maximum}`);

export function checkPath(path: string): void {
  if (!/^\/$|^\/[\u0021-\u007e]+\/$/.test(path)) {
    const pattern = '(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)';
    throw invalidValue(path, 'path', `satisfy regular expression pattern: ${pattern}`);
  }
  if (path.length > 512) throw tooLong(path, 'path', 512);
}

export function checkPathPrefix(prefix: string): void {
  if (!/^\/[\u0021-\u007e]*$/.test(prefix)) {
    throw invalidValue(prefix, 'pathPrefix', 'satisfy regular expression pattern: \\u002F[\\u0021-\\u007F]*');
  }
}

export function checkDescription(description: string): void {
  if (!/^[\t\n\r\u0020-\u007e\u00a1-\u00ff]*$/.test(description)) {
    throw invalidValue(description, 'description', 'hold printable Latin-1 characters');
  }
  if (description.length > 1000) throw tooLong(description, 'description', 1000);
}

export function checkSessionDuration(seconds: number): void {
  if (!Number.isInteger(seconds) || seconds < 3600 || seconds > 43_200) {
    throw invalidValue(String(seconds), 'maxSessionDuration', 'have value between 3600 and 43200');
  }
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

const MAX_TAGS = 50;
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** A copy of the tags with these added or replaced; fails where one is not allowed or there would be too many. */
export function withTags(tags: Tags, added: readonly Tag[]): Tags {
  const keys = added.map(({ Key }) => Key.toLowerCase());
  if (new Set(keys).size < keys.length) {
    throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  const result: Tags = new Map(tags);
  for (const tag of added) {
    checkTag(tag);
    const key = tag.Key.toLowerCase();
    result.set(key, { Key: result.get(key)?.Key ?? tag.Key, Value: tag.Value });
  }
  if (result.size > MAX_TAGS) throw limitExceeded(`TagsPerResource: ${MAX_TAGS}`);
  return result;
}

function checkTag({ Key, Value }: Tag): void {
  checkTagKey(Key);
  if (/^aws:/i.test(Key)) throw invalidInput('System tags cannot be added/updated by requester');
  if (!TAG_TEXT.test(Value)) {
    throw invalidValue(
      Value,
      'tags.member.value',
      'satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*',
    );
  }
  if (Value.length > 256) throw tooLong(Value, 'tags.member.value', 256);
}

export function checkTagKey(key: string): void {
  if (key === '' || !TAG_TEXT.test(key)) {
    throw invalidValue(
      key,
      'tags.member.key',
      'satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+',
    );
  }
  if (key.length > 128) throw tooLong(key, 'tags.member.key', 128);
}

/** Puts `next` in the place of what is in `tags`. */
export function replaceTags(tags: Tags, next: Tags): void {
  tags.clear();
  for (const [key, tag] of next) tags.set(key, tag);
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly IsTruncated: boolean;
  readonly Marker?: string;
}

/** One page of a list in the order of its keys. The marker is opaque: the key of the last item given. */
export function page<T>(
  all: Iterable<T>,
  keyOf: (item: T) => string,
  request: { Marker?: string | undefined; MaxItems?: number | undefined },
): Page<T> {
  const { Marker, MaxItems = 100 } = request;
  if (!Number.isInteger(MaxItems) || MaxItems < 1 || MaxItems > 1000) {
    throw invalidValue(String(MaxItems), 'maxItems', 'have value between 1 and 1000');
  }
  const after = Marker === undefined ? '' : Buffer.from(Marker, 'base64url').toString('utf8');
  if (Marker !== undefined && Buffer.from(after).toString('base64url') !== Marker) {
    throw invalidInput('Invalid Marker.');
  }
  const sorted = [...all]
    .map((item) => ({ key: keyOf(item), item }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const rest = sorted.filter(({ key }) => Marker === undefined || key > after);
  const given = rest.slice(0, MaxItems);
  const last = given.at(-1);
  const more = rest.length > given.length;
  return {
    items: given.map(({ item }) => item),
    IsTruncated: more,
    ...(more && last && { Marker: Buffer.from(last.key).toString('base64url') }),
  };
}
