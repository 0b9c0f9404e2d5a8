/** Which statements of a trust policy concern the tenant, and which of them are the factory's to change. */
import { FactoryError } from '../errors.ts';
import type { AccountId, Audience, ProviderArn } from '../ids.ts';
import { isGuid } from '../ids.ts';
import { conditionKey, type Issuer, isAnyTenantProvider, isTenantProvider } from '../issuer.ts';
import { matchesAction } from '../policy/match.ts';
import { conditionsOf, conditionsOn, isExactly, type KeyCondition } from './conditions.ts';
import { isObject, type JsonObject, strings, type TrustPolicyDocument } from './document.ts';

const WEB_IDENTITY = 'sts:assumerolewithwebidentity';

/** Anything else in a statement is not understood, so the statement is left alone. */
const ELEMENTS: ReadonlySet<string> = new Set(['Sid', 'Effect', 'Principal', 'Action', 'Condition']);
const PRINCIPAL_TYPES: ReadonlySet<string> = new Set(['Federated', 'AWS', 'Service', 'CanonicalUser']);

/** Whether the statement may allow AssumeRoleWithWebIdentity to somebody, in whatever form. */
export const allowsWebIdentity = (statement: JsonObject): boolean =>
  statement.Effect === 'Allow' &&
  (statement.NotAction !== undefined ||
    strings(statement.Action)?.some((action) => matchesAction(action, WEB_IDENTITY)) === true);

/** Everything that the statement names as federated principal. */
export const federatedPrincipals = ({ Principal }: JsonObject): readonly string[] =>
  (isObject(Principal) ? strings(Principal.Federated) : undefined) ?? [];

export interface TenantStatement {
  readonly index: number;
  readonly statement: JsonObject;
  readonly providerArns: readonly ProviderArn[];
}

/** The statements that allow web identity to the tenant's provider of this account. */
export function tenantStatements(
  document: TrustPolicyDocument,
  issuer: Issuer,
  accountId: AccountId,
): readonly TenantStatement[] {
  return document.statements.flatMap((statement, index) => {
    if (!allowsWebIdentity(statement)) return [];
    const arns = federatedPrincipals(statement).filter((arn) => isTenantProvider(issuer, arn, accountId));
    return arns.length === 0 ? [] : [{ index, statement, providerArns: [...new Set(arns)] as ProviderArn[] }];
  });
}

/** What consent is judged by, beside the policy itself. */
export interface ConsentTerms {
  readonly issuer: Issuer;
  readonly accountId: AccountId;
  readonly placeholders: readonly Audience[];
  /** The provider's client id list. */
  readonly clientIds: readonly string[];
  /** Audiences of this incarnation. */
  readonly recorded: readonly Audience[];
}

export interface Refusal {
  readonly kind: 'refused';
  readonly reason: 'form-unknown' | 'no-audience-condition' | 'audience-not-placeholder';
  readonly detail: string;
  /** Audiences that are neither a placeholder nor this incarnation's, in whatever form they are demanded. */
  readonly audiences: readonly string[];
}

export type Judgement = { readonly kind: 'consents' | 'managed' } | Refusal;

export interface JudgedStatement extends TenantStatement {
  readonly judgement: Judgement;
}

/**
 * Judges every statement on the tenant's provider. Throws SeveralTenantProviders where one of them is the factory's
 * to change, but the policy names two providers of the tenant: which one counts would be a guess.
 */
export function judgeStatements(
  document: TrustPolicyDocument,
  terms: ConsentTerms,
): readonly JudgedStatement[] {
  const judged = tenantStatements(document, terms.issuer, terms.accountId).map((tenant) => ({
    ...tenant,
    judgement: judge(tenant, terms),
  }));
  const tenantArns = new Set(
    document.statements
      .filter(allowsWebIdentity)
      .flatMap(federatedPrincipals)
      .filter((arn) => isAnyTenantProvider(terms.issuer, arn, terms.accountId)),
  );
  if (tenantArns.size > 1 && judged.some(({ judgement }) => judgement.kind !== 'refused')) {
    throw new FactoryError(
      'SeveralTenantProviders',
      `The trust policy names two providers of the tenant: ${[...tenantArns].slice(0, 2).join(' and ')}`,
    );
  }
  return judged;
}

function judge({ statement, providerArns }: TenantStatement, terms: ConsentTerms): Judgement {
  const key = conditionKey(providerArns[0] ?? '', 'aud');
  const conditions = conditionsOf(statement) ?? {};
  const onAudience = conditionsOn(conditions, key).filter(({ kind }) => kind !== 'narrowing');
  const chosen = onAudience
    .flatMap(({ values }) => values ?? [])
    .filter((value) => !isPlaceholder(value, terms));
  const audiences = chosen.filter((value) => !terms.recorded.some((recorded) => recorded === value));
  const refused = (reason: Refusal['reason'], detail: string): Refusal => ({
    kind: 'refused',
    reason,
    detail,
    audiences,
  });

  const unknown =
    unknownForm(statement) ?? (onAudience.some(isUnknown) ? `a condition on ${key}` : undefined);
  if (unknown !== undefined) return refused('form-unknown', `${unknown} has a form that never consents`);
  if (terms.recorded.some((recorded) => isExactly(conditions, key, recorded))) return { kind: 'managed' };
  if (onAudience.length === 0) {
    return refused('no-audience-condition', `no condition names an audience under ${key}`);
  }
  if (chosen.length === 0) return { kind: 'consents' };
  return refused('audience-not-placeholder', `${quote(chosen)} is not a placeholder`);
}

const isUnknown = ({ kind, values }: KeyCondition): boolean => kind === 'unknown' || values === undefined;

/** The first element of the statement that is not of the form that can consent. */
function unknownForm(statement: JsonObject): string | undefined {
  const element = Object.keys(statement).find((name) => !ELEMENTS.has(name));
  if (element !== undefined) return element.slice(0, 32);
  const { Principal, Action } = statement;
  if (!isObject(Principal) || !Object.keys(Principal).every((type) => PRINCIPAL_TYPES.has(type))) {
    return 'its Principal';
  }
  // A wildcard permits web identity, but nobody who wrote it asked for an audience.
  const named = strings(Action)?.some((action) => action.toLowerCase() === WEB_IDENTITY);
  if (!named) return 'its Action';
  return conditionsOf(statement) === undefined ? 'its Condition' : undefined;
}

/** Bare words that cannot be anybody's audience: no URI, no client id, not on the provider's list. */
const BARE_WORD = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether a value asks for an audience instead of being one. */
export function isPlaceholder(
  value: string,
  { placeholders, clientIds }: Pick<ConsentTerms, 'placeholders' | 'clientIds'>,
): boolean {
  if (placeholders.some((placeholder) => placeholder === value)) return true;
  const listed = clientIds.some((clientId) => clientId.toLowerCase() === value.toLowerCase());
  return BARE_WORD.test(value) && !isGuid(value) && !listed;
}

/** The first ones, in few words. */
const quote = (values: readonly string[]): string =>
  values
    .slice(0, 3)
    .map((value) => value.slice(0, 80))
    .join(' ') + (values.length > 3 ? ` and ${values.length - 3} more` : '');
