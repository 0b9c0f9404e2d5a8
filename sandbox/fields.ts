/** Reading JSON strictly: a member that nobody reads is refused, by its path. */

/** What is wrong with a value, and where: `$.States.A.Next`. */
export class FieldError extends Error {
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'FieldError';
    this.path = path;
  }
}

interface Types {
  string: string;
  number: number;
  boolean: boolean;
  object: Readonly<Record<string, unknown>>;
  array: readonly unknown[];
  any: unknown;
}

/** Reads the members of one JSON object; `done` refuses those that nobody read. */
export interface Fields {
  readonly path: string;
  has(name: string): boolean;
  optional<Type extends keyof Types>(name: string, type: Type): Types[Type] | undefined;
  required<Type extends keyof Types>(name: string, type: Type): Types[Type];
  done(): void;
}

export function fields(value: unknown, path: string): Fields {
  if (!isType('object', value)) throw new FieldError(path, 'expected an object');
  const read = new Set<string>();
  return {
    path,
    has: (name) => Object.hasOwn(value, name),
    optional(name, type) {
      read.add(name);
      if (!Object.hasOwn(value, name)) return undefined;
      const member = value[name];
      if (!isType(type, member)) throw new FieldError(`${path}.${name}`, `expected ${article(type)}`);
      return member;
    },
    required(name, type) {
      const member = this.optional(name, type);
      if (member === undefined) throw new FieldError(`${path}.${name}`, 'missing');
      return member;
    },
    done() {
      const unknown = Object.keys(value).filter((name) => !read.has(name));
      if (unknown.length > 0) throw new FieldError(`${path}.${unknown[0]}`, 'not interpreted');
    },
  };
}

function isType<Type extends keyof Types>(type: Type, value: unknown): value is Types[Type] {
  if (type === 'any') return true;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

const article = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`);
