/** The part of OData that ordinary clients of applications and service principals use; the rest is refused. */
import { badRequest, GraphFault, unsupported } from './graph-fault.ts';
import type { ObjectKey } from './objects.ts';

export interface Query {
  readonly select?: readonly string[];
  readonly expand?: string;
  readonly filter?: Filter;
  readonly top: number;
  readonly skip: number;
}

/** A property that equals a value, or with `any` a list of which some element does. */
export interface Filter {
  readonly property: string;
  readonly value: string;
  readonly any: boolean;
}

export interface GraphPath {
  /** Segments with the key of the first collection taken out: `applications`, `{id}`, `owners`. */
  readonly segments: readonly string[];
  readonly key: ObjectKey | undefined;
}

type Option = '$select' | '$expand' | '$filter' | '$top';
/** Collections whose members are addressed by a key in the path. */
const KEYED = new Set(['applications', 'servicePrincipals']);
/** Graph's own page size, and the largest one that `$top` may ask for. */
const PAGE = 100;
const MAX_PAGE = 999;

/** `options`: the query options that this resource takes. */
export function parseQuery(parameters: URLSearchParams, options: readonly Option[]): Query {
  let query: Query = { top: PAGE, skip: 0 };
  for (const [name, value] of parameters) {
    if (name === '$skiptoken' && options.includes('$top')) query = { ...query, skip: whole(name, value) };
    else if (!options.includes(name as Option)) throw unsupported(`Unsupported query option '${name}'.`);
    else if (name === '$select') query = { ...query, select: list(value) };
    else if (name === '$expand') query = { ...query, expand: value.trim() };
    else if (name === '$filter') query = { ...query, filter: equality(value) };
    else query = { ...query, top: whole(name, value) };
  }
  if (query.top < 1 || query.top > MAX_PAGE) throw badRequest(`Invalid page size specified: '${query.top}'.`);
  return query;
}

const list = (value: string): string[] =>
  value
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

function whole(name: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw badRequest(`Invalid value '${value}' for ${name} query option found.`);
}

function equality(value: string): Filter {
  const any = /^\s*(\w+)\/any\((\w+):\2\s+eq\s+'((?:[^']|'')*)'\)\s*$/i.exec(value);
  if (any) return { property: any[1] ?? '', value: unquote(any[3] ?? ''), any: true };
  const match = /^\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*$/i.exec(value);
  if (!match) throw unsupported('Unsupported or invalid query filter clause specified.');
  return { property: match[1] ?? '', value: unquote(match[2] ?? ''), any: false };
}

/** In a literal, two quotes stand for one. */
const unquote = (literal: string): string => literal.replaceAll("''", "'");

/** `path`: percent-encoded, below the version. Undefined: not a path at all. */
export function parsePath(path: string): GraphPath | undefined {
  const [collection, ...rest] = path.split('/').slice(1).map(decodeURIComponent);
  if (!collection) return undefined;
  const alternate = /^(\w+)\((appId|uniqueName)='((?:[^']|'')*)'\)$/.exec(collection);
  if (alternate) {
    const [, name = '', by = '', literal = ''] = alternate;
    const key = { by: by as ObjectKey['by'], value: unquote(literal) };
    return { segments: [name, '{id}', ...rest], key };
  }
  const [id = '', ...below] = rest;
  if (rest.length === 0 || !KEYED.has(collection)) {
    return { segments: [collection, ...rest], key: undefined };
  }
  return { segments: [collection, '{id}', ...below], key: { by: 'id', value: id } };
}

/** The selected properties of an entity; one that its type does not have is refused. */
export function project(
  entity: Readonly<Record<string, unknown>>,
  select: readonly string[] | undefined,
  type: string,
): Record<string, unknown> {
  if (!select) return { ...entity };
  return Object.fromEntries(
    select.map((name) => {
      if (Object.hasOwn(entity, name)) return [name, entity[name]];
      throw new GraphFault(
        400,
        'BadRequest',
        `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.${type}'.`,
      );
    }),
  );
}
