/** AWS Query protocol: form parameters in, XML out. */
import type { NormalizedSchema } from '@smithy/core/schema';
import { isObject } from './shapes.ts';

/**
 * Input of an operation from its form parameters. Values that do not fit stay text, for the model's check to name;
 * parameters that belong to no member come back as members of their own, for the same reason.
 */
export function decodeQuery(schema: NormalizedSchema, parameters: URLSearchParams): Record<string, unknown> {
  const form = new Map(parameters);
  form.delete('Action');
  form.delete('Version');
  const reader = new FormReader(form);
  const input = schema.isStructSchema() ? reader.structure(schema, '') : {};
  return { ...input, ...Object.fromEntries(reader.unused()) };
}

class FormReader {
  readonly #form: ReadonlyMap<string, string>;
  readonly #unused: Map<string, string>;

  constructor(form: Map<string, string>) {
    this.#form = form;
    this.#unused = new Map(form);
  }

  unused(): ReadonlyMap<string, string> {
    return this.#unused;
  }

  structure(schema: NormalizedSchema, prefix: string): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const item = this.#value(member, prefix + (member.getMergedTraits().xmlName ?? name));
      if (item !== undefined) value[name] = item;
    }
    return value;
  }

  #value(schema: NormalizedSchema, key: string): unknown {
    if (schema.isStructSchema()) return this.#has(key) ? this.structure(schema, `${key}.`) : undefined;
    if (schema.isListSchema()) return this.#list(schema, key);
    if (schema.isMapSchema()) return this.#map(schema, key);
    const text = this.#take(key);
    return text === undefined ? undefined : scalar(schema, text);
  }

  #list(schema: NormalizedSchema, key: string): unknown[] | undefined {
    // Clients write an empty list as the bare key.
    if (this.#take(key) === '') return [];
    const item = schema.getValueSchema();
    const flat = schema.getMergedTraits().xmlFlattened;
    const prefix = flat ? key : `${key}.${item.getMergedTraits().xmlName ?? 'member'}`;
    const values: unknown[] = [];
    for (let i = 1; this.#has(`${prefix}.${i}`); i++) values.push(this.#value(item, `${prefix}.${i}`));
    return values.length > 0 ? values : undefined;
  }

  #map(schema: NormalizedSchema, key: string): Record<string, unknown> | undefined {
    const prefix = schema.getMergedTraits().xmlFlattened ? key : `${key}.entry`;
    const value: Record<string, unknown> = {};
    for (let i = 1; this.#has(`${prefix}.${i}`); i++) {
      const name = this.#take(`${prefix}.${i}.key`);
      if (name !== undefined) value[name] = this.#value(schema.getValueSchema(), `${prefix}.${i}.value`);
    }
    return Object.keys(value).length > 0 ? value : undefined;
  }

  #take(key: string): string | undefined {
    this.#unused.delete(key);
    return this.#form.get(key);
  }

  #has(key: string): boolean {
    return this.#form.has(key) || [...this.#form.keys()].some((other) => other.startsWith(`${key}.`));
  }
}

/** A value written as text; one that does not fit its type stays text. */
export function scalar(schema: NormalizedSchema, text: string): unknown {
  if (schema.isNumericSchema()) return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
  if (schema.isBooleanSchema()) return text === 'true' ? true : text === 'false' ? false : text;
  if (schema.isTimestampSchema()) return new Date(text);
  if (schema.isBlobSchema()) return new Uint8Array(Buffer.from(text, 'base64'));
  return text;
}

/** The XML document that answers an operation. */
export function encodeXml(options: {
  operation: string;
  xmlNamespace: string;
  schema: NormalizedSchema;
  output: unknown;
  requestId: string;
}): string {
  const { operation, schema } = options;
  const result = schema.isStructSchema()
    ? element(`${operation}Result`, structureXml(schema, isObject(options.output) ? options.output : {}))
    : '';
  const metadata = element('ResponseMetadata', element('RequestId', escapeXml(options.requestId)));
  return `<${operation}Response xmlns="${options.xmlNamespace}">${result}${metadata}</${operation}Response>`;
}

export function encodeXmlError(options: {
  xmlNamespace: string;
  type: 'Sender' | 'Receiver';
  code: string;
  message: string;
  requestId: string;
}): string {
  const error =
    element('Type', options.type) +
    element('Code', escapeXml(options.code)) +
    element('Message', escapeXml(options.message));
  const id = element('RequestId', escapeXml(options.requestId));
  return `<ErrorResponse xmlns="${options.xmlNamespace}">${element('Error', error)}${id}</ErrorResponse>`;
}

const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;

function structureXml(schema: NormalizedSchema, value: Readonly<Record<string, unknown>>): string {
  let xml = '';
  for (const [name, member] of schema.structIterator()) {
    const item = value[name];
    if (item !== undefined) xml += valueXml(member, member.getMergedTraits().xmlName ?? name, item);
  }
  return xml;
}

function valueXml(schema: NormalizedSchema, name: string, value: unknown): string {
  if (schema.isStructSchema() && isObject(value)) return element(name, structureXml(schema, value));
  if (schema.isListSchema() && Array.isArray(value)) {
    const item = schema.getValueSchema();
    if (schema.getMergedTraits().xmlFlattened) return value.map((v) => valueXml(item, name, v)).join('');
    const itemName = item.getMergedTraits().xmlName ?? 'member';
    return element(name, value.map((v) => valueXml(item, itemName, v)).join(''));
  }
  if (schema.isMapSchema() && isObject(value)) {
    const entries = Object.entries(value).map(([key, item]) =>
      element('entry', element('key', escapeXml(key)) + valueXml(schema.getValueSchema(), 'value', item)),
    );
    return element(name, entries.join(''));
  }
  if (value instanceof Date) return element(name, value.toISOString().replace('.000Z', 'Z'));
  if (value instanceof Uint8Array) return element(name, Buffer.from(value).toString('base64'));
  return element(name, escapeXml(String(value)));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A parser turns a bare carriage return into a line feed.
  '\r': '&#xD;',
};
const escapeXml = (text: string): string =>
  text.replace(/[&<>"\r]/g, (character) => ENTITIES[character] ?? '');
