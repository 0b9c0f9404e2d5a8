/** Subjects that administrators compose of claims: `key:value`, joined by colons, in an order of their choice. */
import { FactoryError } from '../errors.ts';
import { field, print, type Template } from './grammar.ts';
import type { Form, Forms } from './issuer.ts';
import { read } from './solve.ts';

/** Its claims in order, keys as `sub` shows them; a key without a value stands alone, as `pull_request` does. */
export interface CustomSubject {
  readonly form: 'custom';
  readonly claims: readonly (readonly [key: string, value?: string])[];
}

interface Composition {
  /** The ways in which a claim is written, by its key: what follows `key:`, or nothing for a key that stands alone. */
  readonly keys: Readonly<Record<string, readonly Template[]>>;
  /** Further keys, of which nothing is known. */
  readonly others?: RegExp;
  readonly also?: Form['also'];
  /** Orders of keys that the issuer's own forms cover. */
  readonly isDefault: (keys: readonly string[]) => boolean;
  /** What may come before the keys that a value with a wildcard at its beginning shows. */
  readonly prefixes: readonly (readonly string[])[];
}

export interface CustomSubjects {
  parse(sub: string): CustomSubject | undefined;
  /** @throws FactoryError InvalidInput naming the claim. */
  print(subject: CustomSubject): string;
  /** The forms that a condition value names by its keys, beyond the default ones. */
  formsFor(value: string): Forms;
}

const anyValue = field('value', 'run', { escapesColon: true });

export function customSubjects({ keys, others, also, isDefault, prefixes }: Composition): CustomSubjects {
  const isKey = (key: string): boolean => Object.hasOwn(keys, key) || others?.test(key) === true;
  const templatesOf = (key: string): readonly Template[] =>
    Object.hasOwn(keys, key) ? (keys[key] as readonly Template[]) : [[field(key, 'run')]];
  const standsAlone = (key: string): boolean => templatesOf(key).some((template) => template.length === 0);

  const fits = (key: string, text: string): boolean =>
    templatesOf(key).some((template) => read(template, text) !== undefined);

  function formsOf(order: readonly string[]): [string, Form][] {
    const choices = order.map((key) =>
      templatesOf(key).map((template) => (template.length === 0 ? [key] : [`${key}:`, ...template])),
    );
    return product(choices).map((parts, index) => {
      const template = parts.flatMap((part, at) => (at === 0 ? part : [':', ...part]));
      return [`custom ${order.join(' ')} ${index}`, { template, ...(also && { also }) }];
    });
  }

  return {
    parse(sub) {
      const claims: [string, string?][] = [];
      const parts = sub.split(':');
      for (let key = parts.shift(); key !== undefined; key = parts.shift()) {
        if (!isKey(key)) return undefined;
        const value = standsAlone(key) ? undefined : parts.shift();
        if (!standsAlone(key) && !fits(key, value ?? '')) return undefined;
        claims.push(value === undefined ? [key] : [key, value.replaceAll('%3A', ':')]);
      }
      return { form: 'custom', claims };
    },
    print({ claims }) {
      if (claims.length === 0) throw new FactoryError('InvalidInput', 'claims: expected at least one');
      return claims
        .map(([key, value]) => {
          if (!isKey(key) || standsAlone(key) !== (value === undefined)) {
            throw new FactoryError('InvalidInput', `${key}: expected a claim that a subject can be made of`);
          }
          if (value === undefined) return key;
          const text = print([anyValue], { value });
          if (!fits(key, text))
            throw new FactoryError('InvalidInput', `${key}: expected a value as ${key} has it`);
          return `${key}:${text}`;
        })
        .join(':');
    },
    formsFor(value) {
      const order = value.split(':').filter(isKey);
      if (order.length === 0 || isDefault(order)) return {};
      const orders = value.startsWith(order[0] as string)
        ? [order]
        : [order, ...prefixes.map((prefix) => [...prefix, ...order])];
      return Object.fromEntries(orders.flatMap(formsOf));
    },
  };
}

const product = <T>(choices: readonly (readonly T[])[]): T[][] =>
  choices.reduce<T[][]>(
    (rows, options) => rows.flatMap((row) => options.map((option) => [...row, option])),
    [[]],
  );
