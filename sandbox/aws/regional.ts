/** What the regional services share: ARNs, state by account and region, pages. */
import { partitionOfRegion } from '../../core/issuer.ts';

export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  readonly resource: string;
}

/** `arn:<partition of the region>:<service>:<region>:<account>:<resource>`. */
export const arnOf = (service: string, region: string, accountId: string, resource: string): string =>
  `arn:${partitionOfRegion(region)}:${service}:${region}:${accountId}:${resource}`;

/** The parts of an ARN; undefined where the text is none. */
export function parseArn(text: string): Arn | undefined {
  const parts = /^arn:([^:]+):([^:]+):([^:]*):([^:]*):(.+)$/s.exec(text);
  if (!parts) return undefined;
  const [, partition = '', service = '', region = '', accountId = '', resource = ''] = parts;
  return { partition, service, region, accountId, resource };
}

/** State of a service, made when an account first uses a region. */
export class Regional<State> {
  readonly #states = new Map<string, State>();
  readonly #create: (accountId: string, region: string) => State;

  constructor(create: (accountId: string, region: string) => State) {
    this.#create = create;
  }

  of(accountId: string, region: string): State {
    const key = `${accountId}/${region}`;
    const state = this.#states.get(key) ?? this.#create(accountId, region);
    this.#states.set(key, state);
    return state;
  }

  all(): IterableIterator<State> {
    return this.#states.values();
  }
}

/** Which of these members an input has; by default, all that it has. The wire may set members to undefined. */
export const given = (input: object, names: readonly string[] = Object.keys(input)): string[] =>
  names.filter((name) => (input as Readonly<Record<string, unknown>>)[name] !== undefined);

/**
 * One page of a list. A token is the position of the next page; one that is not of this list gives the error that
 * `refuse` makes.
 */
export function pageOf<Item>(
  items: readonly Item[],
  options: { limit: number | undefined; token: string | undefined; refuse: () => Error },
): { items: Item[]; next?: string } {
  const position = options.token === undefined ? '0' : Buffer.from(options.token, 'base64').toString();
  const start = /^\d+$/.test(position) ? Number(position) : Number.NaN;
  if (!(start <= items.length)) throw options.refuse();
  const end = start + (options.limit ?? items.length);
  const page = items.slice(start, end);
  return end < items.length
    ? { items: page, next: Buffer.from(String(end)).toString('base64') }
    : { items: page };
}
