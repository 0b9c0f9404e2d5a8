/** What an issuer of workload identity tokens is: how it writes subjects, who decides what in them, what AWS sees. */
import { FactoryError } from '../errors.ts';
import { type Field, fieldsOf, print, type Reach, type Template, type Values } from './grammar.ts';
import { read } from './solve.ts';

export type IssuerId =
  | 'github'
  | 'gitlab'
  | 'hcp-terraform'
  | 'bitbucket'
  | 'circleci'
  | 'azure-devops'
  | 'buildkite'
  | 'kubernetes'
  | 'google'
  | 'entra'
  | 'cognito'
  | 'other';

/** Claims as condition keys hold them. */
export type Claims = Readonly<Record<string, string | readonly string[]>>;

/** One way in which an issuer writes `sub`. */
export interface Form<N extends string = string> {
  readonly template: Template<N>;
  /** What stays open however exactly a policy names this form: a pull request's code is unreviewed, a tag can move. */
  readonly open?: Reach;
  /** A token that only a service of the issuer gets, for the tenant named: no project, ref or phase is left open. */
  readonly closed?: true;
  /** Fields that only other claims of such a token show. */
  readonly also?: readonly Field[];
  /** Claims that every such token has. */
  readonly claims?: Claims;
}

export type Forms = Readonly<Record<string, Form>>;

type NamesIn<F> = F extends Form<infer N> ? N : never;
/** A subject as data: its form, and a value for each field. */
export type SubjectOf<F extends Forms> = {
  readonly [K in keyof F & string]: { readonly form: K } & { readonly [N in NamesIn<F[K]>]: string };
}[keyof F & string];
export type Subject = { readonly form: string } & Values;

/** Why nobody can be told apart from whoever gets a name after it was given up. */
export type Lever =
  /** A policy can pin an id that is never given again. */
  | 'id'
  /** Only names can be pinned. */
  | 'none'
  /** What is pinned is an id already, or a name that nobody else can get. */
  | 'inherent';

/** An issuer as an account knows it: behind one provider. */
export interface Issuer {
  readonly id: IssuerId;
  /** As people call it. */
  readonly name: string;
  /** The provider's URL without scheme, as ARN and condition keys have it. */
  readonly path: string;
  /** Whether strangers get tokens of this very issuer. */
  readonly shared: boolean;
  readonly forms: Forms;
  /** Forms that only a setting of the issuer makes, as far as a condition value hints at them. */
  readonly formsFor: (value: string) => Forms;
  /** The claims that AWS makes condition keys of for this issuer, and what they show; `sub` aside. */
  readonly claims: Readonly<Record<string, readonly Template[]>>;
  /** Of these, those that a token may lack. */
  readonly optional: readonly string[];
  /** What a token for AWS carries as audience, where that is fixed or agreed upon. */
  readonly audience: string | undefined;
  /** The condition key that holds the audience the token was asked for; undefined where it says something else. */
  readonly audienceKey: 'aud' | 'oaud' | undefined;
  /** Who gets in where a policy leaves a reach open, as a noun phrase. */
  readonly people: Readonly<Partial<Record<Reach, string>>>;
  readonly lever: Lever;
}

/** All that differs between the providers of one kind of issuer has a default. */
export type Located = Pick<Issuer, 'shared'> &
  Partial<
    Pick<Issuer, 'forms' | 'formsFor' | 'claims' | 'audience' | 'audienceKey' | 'lever' | 'people' | 'name'>
  >;

/** A kind of issuer, behind whichever URL. */
export interface IssuerKind<S = Subject> {
  readonly id: IssuerId;
  readonly name: string;
  /** The issuer behind a provider's path; undefined where the path is not one of this kind. */
  at(path: string): Issuer | undefined;
  /**
   * For issuers that run on anybody's host: how their subjects begin, and the issuer at a path that does not tell.
   * `hosted`: the path is not known at all, so that it may be the issuer that all the world uses.
   */
  readonly anywhere: { readonly subjects: RegExp; at(path: string, hosted?: boolean): Issuer } | undefined;
  /** Undefined where the issuer does not write such subjects. */
  parse(sub: string): S | undefined;
  /** @throws FactoryError InvalidInput naming the field that no subject can have. */
  print(subject: S): string;
}

interface Definition<F extends Forms> {
  readonly id: IssuerId;
  readonly name: string;
  readonly forms: F;
  readonly people: Issuer['people'];
  readonly claims?: Issuer['claims'];
  readonly optional?: readonly string[];
  /** What is particular about the provider at this path; undefined where it is not one of this kind. */
  readonly locate: (path: string) => Located | undefined;
  /** For issuers that run on anybody's host, where only subjects tell them. */
  readonly elsewhere?: {
    readonly subjects: RegExp;
    readonly hosted?: string;
    located(path: string): Located;
  };
  readonly formsFor?: Issuer['formsFor'];
  readonly lever?: Lever;
}

/** A kind of issuer from what is particular about it. */
export function issuerKind<const F extends Forms>(kind: Definition<F>): IssuerKind<SubjectOf<F>> {
  const { id, name, forms, people, locate, elsewhere } = kind;
  const issuerAt = (path: string, located: Located): Issuer => ({
    id,
    name,
    path,
    forms,
    formsFor: kind.formsFor ?? (() => ({})),
    claims: kind.claims ?? {},
    optional: kind.optional ?? [],
    people,
    lever: kind.lever ?? 'inherent',
    audience: undefined,
    audienceKey: 'aud',
    ...located,
  });
  return {
    id,
    name,
    at(path) {
      const located = locate(path);
      return located && issuerAt(path, located);
    },
    anywhere: elsewhere && {
      subjects: elsewhere.subjects,
      at: (path, hosted) =>
        issuerAt(path, (hosted && locate(elsewhere.hosted ?? '')) || elsewhere.located(path)),
    },
    parse(sub) {
      return readSubject(forms, sub) as SubjectOf<F> | undefined;
    },
    print: (subject) => printSubject(forms, subject),
  };
}

/** The first form that the text has; undefined where it has none. */
export function readSubject(forms: Forms, sub: string): Subject | undefined {
  for (const [form, { template }] of Object.entries(forms)) {
    const values = read(template, sub);
    if (values !== undefined) return { ...values, form };
  }
  return undefined;
}

/**
 * @param missing as for {@link print}.
 * @throws FactoryError InvalidInput for an unknown form or a value that no subject can have.
 */
export function printSubject(forms: Forms, subject: Subject, missing?: '*'): string {
  const form = Object.hasOwn(forms, subject.form) ? forms[subject.form] : undefined;
  if (form === undefined) {
    throw new FactoryError('InvalidInput', `form: expected one of ${Object.keys(forms).join(', ')}`);
  }
  return print(form.template, subject, missing);
}

/** The template with fixed text in place of the fields that have a value. */
export const bind = (template: Template, values: Values): Template =>
  fieldsOf(template).some(({ name }) => values[name] !== undefined)
    ? template.map((part) => (typeof part === 'string' ? part : (values[part.name] ?? part)))
    : template;
