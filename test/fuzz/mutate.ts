/** Mutations as data: applied to any input, drawn and shrunk by fast-check. */
import fc from 'fast-check';
import { hostileText, hostileValue, JSON_FRAGMENTS, KEYS } from './junk.ts';

/** `at` picks the place, modulo what there is. */
export type Mutation =
  | { readonly do: 'delete' | 'duplicate' | 'to-list' | 'to-text' | 'percent-encode'; readonly at: number }
  | { readonly do: 'replace' | 'append'; readonly at: number; readonly value: unknown }
  | { readonly do: 'rename' | 'add-key'; readonly at: number; readonly key: string; readonly value: unknown }
  | { readonly do: 'copy'; readonly at: number; readonly from: number }
  | { readonly do: 'nest'; readonly at: number; readonly levels: number }
  | { readonly do: 'splice-text'; readonly at: number; readonly offset: number; readonly text: string };

const at = fc.nat(10_000);

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({
    do: fc.constantFrom<('delete' | 'duplicate' | 'to-list' | 'to-text' | 'percent-encode')[]>(
      'delete',
      'duplicate',
      'to-list',
      'to-text',
      'percent-encode',
    ),
    at,
  }),
  fc.record({ do: fc.constantFrom<('replace' | 'append')[]>('replace', 'append'), at, value: hostileValue }),
  fc.record({
    do: fc.constantFrom<('rename' | 'add-key')[]>('rename', 'add-key'),
    at,
    key: fc.oneof(fc.constantFrom(...KEYS), hostileText),
    value: hostileValue,
  }),
  fc.record({ do: fc.constant('copy' as const), at, from: at }),
  fc.record({ do: fc.constant('nest' as const), at, levels: fc.constantFrom(1, 2, 8, 11, 300) }),
  fc.record({ do: fc.constant('splice-text' as const), at, offset: at, text: hostileText }),
);

type Entry = readonly [key: string, value: unknown];
type Edit = (entry: Entry) => readonly Entry[];

const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Own entries, list items under their index. */
const entriesOf = (value: object): Entry[] => Object.entries(value);

const countOf = (value: unknown): number =>
  1 + (isTree(value) ? entriesOf(value).reduce((sum, [, inner]) => sum + countOf(inner), 0) : 0);

function nodeAt(value: unknown, index: number): unknown {
  let left = index;
  const visit = (node: unknown): { readonly found: unknown } | undefined => {
    if (left-- === 0) return { found: node };
    if (!isTree(node)) return undefined;
    for (const [, inner] of entriesOf(node)) {
      const hit = visit(inner);
      if (hit) return hit;
    }
    return undefined;
  };
  return visit(value)?.found;
}

/** `value` with the node of that index, counted in order, replaced by none, one or several. */
function edited(value: unknown, index: number, edit: Edit): unknown {
  let left = index;
  const visit = (entry: Entry): readonly Entry[] => {
    if (left-- === 0) return edit(entry);
    const [name, node] = entry;
    if (left < 0 || !isTree(node)) return [entry];
    const inner = entriesOf(node).flatMap(visit);
    // fromEntries defines: a key such as __proto__ stays a key.
    return [[name, Array.isArray(node) ? inner.map(([, item]) => item) : Object.fromEntries(inner)]];
  };
  return visit(['', value])[0]?.[1] ?? null;
}

const withEntry = (node: unknown, key: string, value: unknown): unknown =>
  Array.isArray(node)
    ? [...node, value]
    : isTree(node)
      ? Object.fromEntries([...entriesOf(node), [key, value]])
      : { [key]: value };

function nest(value: unknown, levels: number): unknown {
  let nested = value;
  for (let level = 0; level < levels; level++) nested = level % 2 === 0 ? [nested] : { Statement: nested };
  return nested;
}

function spliced(node: unknown, offset: number, text: string): unknown {
  if (typeof node !== 'string') return text;
  const place = offset % (node.length + 1);
  return node.slice(0, place) + text + node.slice(place + (offset % 3));
}

function editOf(mutation: Mutation, root: unknown): Edit {
  switch (mutation.do) {
    case 'delete':
      return () => [];
    case 'duplicate':
      return ([key, node]) => [
        [key, node],
        [key.toUpperCase(), node],
      ];
    case 'to-list':
      return ([key, node]) => [[key, Array.isArray(node) ? node[0] : [node, node]]];
    case 'to-text':
      return ([key, node]) => [[key, typeof node === 'string' ? Number(node) || 0 : JSON.stringify(node)]];
    case 'percent-encode':
      return ([key, node]) => [[key, encodeURIComponent(String(JSON.stringify(node)).toWellFormed())]];
    case 'replace':
      return ([key]) => [[key, mutation.value]];
    case 'append':
      return ([key, node]) => [
        [key, Array.isArray(node) ? [...node, mutation.value] : [node, mutation.value]],
      ];
    case 'rename':
      return ([, node]) => [[mutation.key, node]];
    case 'add-key':
      return ([key, node]) => [[key, withEntry(node, mutation.key, mutation.value)]];
    case 'copy': {
      const copied = nodeAt(root, mutation.from % countOf(root));
      return ([key]) => [[key, copied]];
    }
    case 'nest':
      return ([key, node]) => [[key, nest(node, mutation.levels)]];
    case 'splice-text':
      return ([key, node]) => [[key, spliced(node, mutation.offset, mutation.text)]];
  }
}

export const mutated = (value: unknown, mutations: readonly Mutation[]): unknown =>
  mutations.reduce<unknown>(
    (current, mutation) => edited(current, mutation.at % countOf(current), editOf(mutation, current)),
    value,
  );

/** Byte-wise: what a parsed value cannot hold. */
export type TextMutation =
  | { readonly do: 'cut'; readonly from: number; readonly length: number }
  | { readonly do: 'insert'; readonly from: number; readonly text: string }
  | { readonly do: 'insert-after-brace'; readonly from: number; readonly text: string }
  | { readonly do: 'repeat'; readonly from: number; readonly length: number; readonly times: number }
  | { readonly do: 'flip'; readonly from: number; readonly bit: number };

export const textMutation: fc.Arbitrary<TextMutation> = fc.oneof(
  fc.record({ do: fc.constant('cut' as const), from: at, length: fc.constantFrom(1, 2, 17, 10_000) }),
  fc.record({
    do: fc.constantFrom<('insert' | 'insert-after-brace')[]>(
      'insert',
      'insert-after-brace',
      'insert-after-brace',
    ),
    from: at,
    text: fc.oneof(fc.constantFrom(...JSON_FRAGMENTS), hostileText),
  }),
  fc.record({
    do: fc.constant('repeat' as const),
    from: at,
    length: fc.integer({ min: 1, max: 40 }),
    times: fc.constantFrom(1, 2, 50, 1000),
  }),
  fc.record({ do: fc.constant('flip' as const), from: at, bit: fc.nat(7) }),
);

function textEdited(text: string, mutation: TextMutation): string {
  const from = mutation.from % (text.length + 1);
  switch (mutation.do) {
    case 'cut':
      return text.slice(0, from) + text.slice(from + mutation.length);
    case 'insert':
      return text.slice(0, from) + mutation.text + text.slice(from);
    case 'insert-after-brace': {
      const brace = text.indexOf('{', from) >= 0 ? text.indexOf('{', from) : text.indexOf('{');
      return text.slice(0, brace + 1) + mutation.text + text.slice(brace + 1);
    }
    case 'repeat': {
      const part = text.slice(from, from + mutation.length);
      return text.slice(0, from) + part.repeat(mutation.times) + text.slice(from);
    }
    case 'flip':
      return (
        text.slice(0, from) +
        String.fromCharCode(text.charCodeAt(from) ^ (1 << mutation.bit)) +
        text.slice(from + 1)
      );
  }
}

export const mutatedText = (text: string, mutations: readonly TextMutation[]): string =>
  mutations.reduce(textEdited, text);

const few = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 4 });

/** Values that were realistic once. */
export const mutatedFrom = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.tuple(values, few(mutation)).map(([value, mutations]) => mutated(value, mutations));

/** JSON text that was realistic once: mutated as a value, then as text. */
export const mutatedJson = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(texts, few(mutation), fc.oneof(fc.constant([]), few(textMutation)))
    .map(([text, mutations, bytes]) => mutatedText(restructured(text, mutations), bytes));

function restructured(text: string, mutations: readonly Mutation[]): string {
  if (mutations.length === 0) return text;
  try {
    return JSON.stringify(mutated(JSON.parse(text), mutations));
  } catch (error) {
    // Seeds need not be JSON; then only their text is mutated.
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
