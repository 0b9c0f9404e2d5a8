/**
 * The trust policies that developers write, and what each must become: written down apart from the product's own
 * rewriting, so that the two can disagree.
 */
import { isDeepStrictEqual } from 'node:util';

/** What a developer asks for. Those of {@link SERVED} become roles with an application, the others stay as they are. */
export const SHAPES = [
  'placeholder',
  'bare-word',
  'with-others',
  'managed-identity',
  'other-tenant',
  'chosen-audience',
  'others-audience',
  'ignored',
] as const;
export type Shape = (typeof SHAPES)[number];
export const SERVED: readonly Shape[] = ['placeholder', 'bare-word', 'with-others', 'managed-identity'];

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow';
  readonly Principal: Readonly<Record<string, string>>;
  readonly Action: string;
  readonly Condition?: Condition;
}
export interface Trust {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** What the policies of one member account are made of. */
export interface TrustTerms {
  /** The account's provider of the tenant. */
  readonly providerArn: string;
  readonly placeholder: string;
  /** Object id of the workload that developers let in by name. */
  readonly managedIdentity: string;
  /** Names the session of whoever exchanges a token. */
  readonly sessionName: string;
}

const FOREIGN_TENANT = '99999999-8888-4777-8666-555555555555';
/** Microsoft's own services trust the customer's tenant as well. */
export const CHOSEN_AUDIENCE = 'https://analysis.windows.net/powerbi/api';

const keyOf = (providerArn: string, claim: 'aud' | 'sub'): string =>
  `${providerArn.slice(providerArn.indexOf('oidc-provider/') + 'oidc-provider/'.length)}:${claim}`;

const ofService = (service: string): Statement => ({
  Effect: 'Allow',
  Principal: { Service: service },
  Action: 'sts:AssumeRole',
});

const policy = (...Statement: Statement[]): Trust => ({ Version: '2012-10-17', Statement });

/** `othersAudience`: of the shape that names one. */
export function trustOf(shape: Shape, terms: TrustTerms, othersAudience: string): Trust {
  const { placeholder, managedIdentity, sessionName } = terms;
  const web = (
    audience: string | string[],
    more: Condition[string] = {},
    arn = terms.providerArn,
  ): Statement => ({
    Effect: 'Allow',
    Principal: { Federated: arn },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [keyOf(arn, 'aud')]: audience, ...more } },
  });
  switch (shape) {
    case 'placeholder':
    case 'ignored':
      return policy(web([placeholder]));
    case 'bare-word':
      return policy(web('please-fill-in'));
    case 'with-others':
      return policy(
        { ...web([placeholder], { 'sts:RoleSessionName': sessionName }), Sid: 'Workload' },
        { ...ofService('ec2.amazonaws.com'), Sid: 'Machines' },
      );
    case 'managed-identity':
      return policy(web(placeholder, { [keyOf(terms.providerArn, 'sub')]: managedIdentity }));
    case 'other-tenant': {
      const arn = terms.providerArn.replace(/sts\.windows\.net\/[^/]+/, `sts.windows.net/${FOREIGN_TENANT}`);
      return policy(web(placeholder, {}, arn));
    }
    case 'chosen-audience':
      return policy(web(CHOSEN_AUDIENCE));
    case 'others-audience':
      return policy(web(othersAudience));
  }
}

/** A policy that does not concern the tenant any more. */
export const withdrawn = (): Trust => policy(ofService('ec2.amazonaws.com'));

/** The policy with only the managed identity let in; undefined where it does not concern the tenant. */
export function pinnedTo(trust: Trust, { providerArn, managedIdentity }: TrustTerms): Trust | undefined {
  return edited(trust, providerArn, { [keyOf(providerArn, 'sub')]: managedIdentity });
}

/** Whom a policy lets in: audience and subject of its statement on the provider. */
export interface Admission {
  readonly audience: string;
  /** Undefined: anybody of the tenant. */
  readonly subject: string | undefined;
}

/** Undefined where the policy does not concern the tenant, or not in a form that anybody here writes. */
export function admissionOf(trust: Trust, providerArn: string): Admission | undefined {
  const equals = tenantStatement(trust, providerArn)?.Condition?.StringEquals ?? {};
  const audience = single(equals[keyOf(providerArn, 'aud')]);
  return audience === undefined
    ? undefined
    : { audience, subject: single(equals[keyOf(providerArn, 'sub')]) };
}

/**
 * What a policy that a developer wrote becomes once its application has this audience and this service principal:
 * the audience in the placeholder's place, and the subject pinned unless the developer did. Undefined where the
 * policy does not concern the tenant.
 */
export function rewritten(
  trust: Trust,
  providerArn: string,
  own: { readonly audience: string; readonly subject: string },
): Trust | undefined {
  const subject = admissionOf(trust, providerArn)?.subject ?? own.subject;
  return edited(trust, providerArn, {
    [keyOf(providerArn, 'aud')]: own.audience,
    [keyOf(providerArn, 'sub')]: subject,
  });
}

/** A list of one and its value mean the same, and the order of members means nothing. */
export const sameTrust = (left: Trust, right: Trust): boolean => isDeepStrictEqual(plain(left), plain(right));

const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.length === 1 ? plain(value[0]) : value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
};

const single = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'object' ? (value.length === 1 ? value[0] : undefined) : value;

const tenantStatement = (trust: Trust, providerArn: string): Statement | undefined =>
  trust.Statement.find(({ Principal }) => Principal.Federated === providerArn);

function edited(trust: Trust, providerArn: string, equals: Condition[string]): Trust | undefined {
  const statement = tenantStatement(trust, providerArn);
  if (!statement) return undefined;
  const StringEquals = { ...statement.Condition?.StringEquals, ...equals };
  const next = { ...statement, Condition: { ...statement.Condition, StringEquals } };
  return { ...trust, Statement: trust.Statement.map((one) => (one === statement ? next : one)) };
}
