/** rest-json: operations by method and path, members bound to path, query, headers, body and status. */
import type { NormalizedSchema } from '@smithy/core/schema';
import type { OperationModel, ServiceModel } from './schemas.ts';
import { isObject } from './shapes.ts';
import { fromJson, toJson } from './wire-json.ts';
import { scalar } from './wire-query.ts';

export interface RestRequest {
  readonly method: string;
  /** As sent, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface RestRoute {
  readonly operation: OperationModel;
  readonly labels: Readonly<Record<string, string>>;
}

/** The operation at this method and path; of several, the one whose path says most. */
export function route(model: ServiceModel, request: RestRequest): RestRoute | undefined {
  const routes: { route: RestRoute; literals: number }[] = [];
  for (const operation of model.operations.values()) {
    if (operation.http?.[0] !== request.method) continue;
    const [path = '', query = ''] = operation.http[1].split('?');
    const literals = [...new URLSearchParams(query)];
    const labels = matchPath(path, request.path);
    if (labels && literals.every(([name, value]) => request.query.get(name) === value)) {
      routes.push({ route: { operation, labels }, literals: literals.length });
    }
  }
  return routes.sort((a, b) => b.literals - a.literals)[0]?.route;
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split('/');
  const actual = path.split('/');
  if (wanted.length !== actual.length) return undefined;
  const labels: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const segment = actual[i] ?? '';
    const label = /^\{(\w+)\+?\}$/.exec(part)?.[1];
    if (label === undefined && part !== segment) return undefined;
    if (label !== undefined && segment === '') return undefined;
    if (label !== undefined) labels[label] = decodeURIComponent(segment);
  }
  return labels;
}

/** Throws SyntaxError for a body that is not JSON where JSON is due. */
export function decodeRest({ operation, labels }: RestRoute, request: RestRequest): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  let payload: [string, NormalizedSchema] | undefined;
  let inBody = false;
  const members = operation.input.isStructSchema() ? operation.input.structIterator() : [];
  for (const [name, member] of members) {
    const traits = member.getMergedTraits();
    if (traits.httpPayload) payload = [name, member];
    else if (traits.httpLabel) input[name] = scalar(member, labels[name] ?? '');
    else if (traits.httpQuery) input[name] = fromTexts(member, request.query.getAll(traits.httpQuery));
    else if (traits.httpHeader) {
      const text = request.headers[traits.httpHeader.toLowerCase()];
      if (text !== undefined) input[name] = scalar(member, text);
    } else inBody = true;
  }
  if (payload) {
    const [name, member] = payload;
    if (request.body.length > 0)
      input[name] = member.isBlobSchema() ? new Uint8Array(request.body) : json(member, request.body);
  } else if (inBody && request.body.length > 0) {
    Object.assign(input, json(operation.input, request.body));
  }
  return input;
}

/** A query parameter, which may be given several times. */
function fromTexts(schema: NormalizedSchema, texts: readonly string[]): unknown {
  const [first] = texts;
  if (first === undefined) return undefined;
  return schema.isListSchema()
    ? texts.map((text) => scalar(schema.getValueSchema(), text))
    : scalar(schema, first);
}

const json = (schema: NormalizedSchema, body: Uint8Array): unknown =>
  fromJson(schema, JSON.parse(Buffer.from(body).toString('utf8')));

export function encodeRest(
  operation: OperationModel,
  output: unknown,
): { status: number; headers: Record<string, string>; body: string | Uint8Array } {
  const value = isObject(output) ? output : {};
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const rest: Record<string, unknown> = {};
  let status = operation.http?.[2] ?? 200;
  let payload: string | Uint8Array | undefined;
  const members = operation.output.isStructSchema() ? operation.output.structIterator() : [];
  for (const [name, member] of members) {
    const item = value[name];
    const traits = member.getMergedTraits();
    if (traits.httpPayload) {
      payload =
        item instanceof Uint8Array ? item : item === undefined ? '' : JSON.stringify(toJson(member, item));
    } else if (item === undefined) {
    } else if (traits.httpResponseCode) status = Number(item);
    else if (traits.httpHeader) headers[traits.httpHeader.toLowerCase()] = String(item);
    else rest[name] = item;
  }
  return { status, headers, body: payload ?? JSON.stringify(toJson(operation.output, rest)) };
}
