/** Reading the typed values of conditions: numbers, dates and addresses. Undefined where a text is not one. */

const DECIMALS = 18;
const NUMBER = new RegExp(`^([+-]?)(\\d+)(?:\\.(\\d{1,${DECIMALS}}))?$`);

/** In units of the last decimal, so that no two different numbers compare equal. */
export function numberOf(text: string): bigint | undefined {
  const [, sign, whole, fraction = ''] = NUMBER.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const units = BigInt(whole + fraction.padEnd(DECIMALS, '0'));
  return sign === '-' ? -units : units;
}

/** The W3C profile of ISO 8601: a date, or a date and a time with its zone. */
const DATE = /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?)?)?$/;
/** Seconds; four digits are a year, and more than twelve are beyond any date. */
const EPOCH = /^\d{5,12}$/;

/** Milliseconds since 1970 of an ISO 8601 date or of epoch seconds. */
export function dateOf(text: string): number | undefined {
  if (EPOCH.test(text)) return Number(text) * 1000;
  const time = DATE.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** Date.parse takes the 30th of February for the 2nd of March. */
function isDay(date: string): boolean {
  const time = Date.parse(date);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
}

export function booleanOf(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Bytes of a base64 text, in a form that can be compared. */
export const binaryOf = (text: string): string | undefined =>
  BASE64.test(text) ? Buffer.from(text, 'base64').toString('hex') : undefined;

export interface AddressRange {
  readonly bits: 32 | 128;
  readonly prefix: number;
  readonly address: bigint;
}

/** An IPv4 or IPv6 address, or a range in CIDR notation; an address alone is a range of one. */
export function rangeOf(text: string): AddressRange | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const number = address.includes(':') ? ipv6(address) : ipv4(address);
  const bits = address.includes(':') ? 128 : 32;
  if (number === undefined || rest.length > 0) return undefined;
  if (prefix === undefined) return { bits, prefix: bits, address: number };
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return undefined;
  return { bits, prefix: Number(prefix), address: number };
}

/** Whether every address of `inner` is in `outer`. */
export function isInRange(inner: AddressRange, outer: AddressRange): boolean {
  if (inner.bits !== outer.bits || inner.prefix < outer.prefix) return false;
  const hostBits = BigInt(outer.bits - outer.prefix);
  return inner.address >> hostBits === outer.address >> hostBits;
}

function ipv4(text: string): bigint | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255)) {
    return undefined;
  }
  return octets.reduce((number, octet) => (number << 8n) | BigInt(octet), 0n);
}

function ipv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => groups(half, index === halves.length - 1));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  return all.reduce((number, group) => (number << 16n) | group, 0n);
}

/** 16-bit groups; the last part of an address may end in IPv4 notation. */
function groups(text: string, isLast: boolean): bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const last = parts.at(-1) ?? '';
  const embedded = isLast && last.includes('.') ? ipv4(last) : undefined;
  const plain = embedded === undefined ? parts : parts.slice(0, -1);
  if (!plain.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  const numbers = plain.map((part) => BigInt(`0x${part}`));
  return embedded === undefined ? numbers : [...numbers, embedded >> 16n, embedded & 0xffffn];
}
