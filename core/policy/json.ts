/** Reading JSON that somebody else wrote, so that no two readers of one text can disagree about it. */

/** The longest policy that AWS documents is a key policy, 32 KB; blanks do not count towards most limits. */
export const MAX_POLICY_LENGTH = 65_536;
/** A condition's value is six levels deep. */
export const MAX_POLICY_DEPTH = 10;

/** Says what was expected at a place of the document. The place names fields, never values. */
export type Refuse = (path: string, expected: string) => never;

const STRUCTURE = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|-?\d[\d.eE+-]*/g;

/**
 * Parses `source`. A value that is not text is taken through its JSON form, so that getters, prototypes and
 * cycles cannot matter. Calls `refuse` with the place and what was expected there.
 */
export function readJson(source: unknown, refuse: Refuse): unknown {
  const text = typeof source === 'string' ? source : stringify(source);
  if (text === undefined) return refuse('document', 'JSON');
  if (text.length > MAX_POLICY_LENGTH) {
    return refuse('document', `at most ${MAX_POLICY_LENGTH} characters, not ${text.length}`);
  }
  const value = parse(text);
  if (value === undefined) return refuse('document', 'JSON');
  checkStructure(text, refuse);
  return value;
}

/** Of errors nothing is kept: their message quotes the text. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON.parse keeps the last of several equal keys, nests without bound and rounds; `text` is valid JSON. */
function checkStructure(text: string, refuse: Refuse): void {
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of text.matchAll(STRUCTURE)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : undefined);
      if (open.length > MAX_POLICY_DEPTH) refuse('document', `at most ${MAX_POLICY_DEPTH} levels`);
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':') {
      const key = JSON.parse(last) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) refuse('document', `the key ${JSON.stringify(key.slice(0, 64))} only once`);
      keys?.add(key);
    } else if (/^[-\d]/.test(token) && decimal(token) !== decimal(String(Number(token)))) {
      refuse('document', 'no number that would lose digits');
    }
    last = token;
  }
}

/** A number's value as digits and a power of ten, however it is written; undefined where it is infinite. */
function decimal(number: string): string | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = 0] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = withoutZerosAtEnd(digits);
  if (significant === '') return whole === '' ? undefined : '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** Not by `/0+$/`, which tries again from every zero. */
function withoutZerosAtEnd(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}
