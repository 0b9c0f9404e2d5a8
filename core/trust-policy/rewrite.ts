/**
 * Fills the application's audience into the statements that are the factory's to change, and pins who may use it.
 * Nothing else changes, and nobody gets in who could not have with the audience in the placeholder's place.
 */
import type { KnownProvider } from '../consent.ts';
import { FactoryError } from '../errors.ts';
import type { AccountId, AppId, Audience, ServicePrincipalId } from '../ids.ts';
import { isGuid } from '../ids.ts';
import { conditionKey } from '../issuer.ts';
import type { FormerApplication } from '../ledger-entry.ts';
import type { FactorySettings } from '../settings.ts';
import { conditionsOf, isExactly, pinsOn, withExactly, withPin, withReplaced } from './conditions.ts';
import {
  isObject,
  type JsonObject,
  mapEntries,
  readTrustPolicy,
  strings,
  writeTrustPolicy,
} from './document.ts';
import { judgeStatements } from './statements.ts';

/** IAM's highest quota for a trust policy; the default is 2048, which only IAM knows to be raised or not. */
const MAX_TRUST_POLICY = 8192;

export interface RewriteRequest {
  /** JSON text. */
  readonly trustPolicy: string;
  readonly provider: KnownProvider;
  readonly accountId: AccountId;
  readonly settings: Pick<FactorySettings, 'issuer' | 'placeholders'>;
  readonly audience: Audience;
  readonly appId: AppId;
  readonly servicePrincipalId: ServicePrincipalId;
  /** What the ledger holds for this incarnation, where it may differ from `audience`. */
  readonly recordedAudience?: Audience | undefined;
  /** Of this incarnation: what the policy names of them becomes what it names of the application. */
  readonly former?: readonly FormerApplication[] | undefined;
}

export interface RewrittenTrustPolicy {
  /** Minified JSON. */
  readonly document: string;
  /** False: the policy already says all of it, and need not be written. */
  readonly changed: boolean;
  /** `by-developer`: every managed statement was pinned already, to principals other than the application's own. */
  readonly pinned: 'by-factory' | 'by-developer';
  /** For people, one line for each edit. */
  readonly changes: readonly string[];
}

/**
 * Rewrites a trust policy. Throws ConsentWithdrawn where no statement is the factory's to change,
 * SubjectNotPinnable, TrustPolicyTooLong, TrustPolicyUnreadable and SeveralTenantProviders.
 */
export function rewriteTrustPolicy(request: RewriteRequest): RewrittenTrustPolicy {
  const { provider, accountId, settings, audience, recordedAudience, former = [] } = request;
  const document = readTrustPolicy(request.trustPolicy);
  const managed = judgeStatements(document, {
    issuer: settings.issuer,
    accountId,
    placeholders: settings.placeholders,
    clientIds: provider.clientIds,
    recorded: [{ audience }, { audience: recordedAudience }, ...former].flatMap((one) => one.audience ?? []),
  }).filter(
    ({ judgement, providerArns }) =>
      judgement.kind !== 'refused' && providerArns.includes(provider.providerArn),
  );
  if (managed.length === 0) throw new FactoryError('ConsentWithdrawn');

  const rewritten = new Map(
    managed.map(({ index, statement }) => [index, rewriteStatement(statement, request)]),
  );
  const text = writeTrustPolicy(
    document,
    document.statements.map((statement, index) => rewritten.get(index)?.statements ?? [statement]),
  );
  if (text.length > MAX_TRUST_POLICY) {
    throw new FactoryError('TrustPolicyTooLong', `The rewritten trust policy has ${text.length} characters`);
  }
  const results = [...rewritten.entries()];
  return {
    document: text,
    changed: results.some(([, { changes }]) => changes.length > 0),
    pinned: results.some(([, { pinned }]) => pinned === 'by-factory') ? 'by-factory' : 'by-developer',
    changes: results.flatMap(([index, { changes }]) =>
      changes.map((change) => `statement ${index}: ${change}`),
    ),
  };
}

interface RewrittenStatement {
  readonly statements: readonly JsonObject[];
  readonly pinned: RewrittenTrustPolicy['pinned'];
  readonly changes: readonly string[];
}

function rewriteStatement(statement: JsonObject, request: RewriteRequest): RewrittenStatement {
  const { provider, audience, appId, servicePrincipalId, settings, former = [] } = request;
  const keyOf = (claim: string) => conditionKey(provider.providerArn, claim);
  const changes: string[] = [];
  let conditions = conditionsOf(statement) ?? {};

  if (!isExactly(conditions, keyOf('aud'), audience)) {
    conditions = withExactly(conditions, keyOf('aud'), audience);
    changes.push(`aud becomes ${audience}`);
  }
  const replace = (key: string, values: readonly (string | undefined)[], value: string) => {
    const replaced = withReplaced(conditions, key, values, value);
    if (replaced === undefined) return;
    conditions = replaced;
    changes.push(`${key} names ${value} in the place of a lost application`);
  };
  const pin = (key: string, value: string, accepted: (value: string) => boolean) => {
    const pins = pinsOn(conditions, key, accepted);
    if (pins.length > 0) return pins;
    const added = withPin(conditions, key, value);
    if (added === undefined) {
      throw new FactoryError(
        'SubjectNotPinnable',
        `Every operator that could pin ${key} already compares it`,
      );
    }
    conditions = added.conditions;
    changes.push(`${key} is pinned to ${value} by ${added.operator}`);
    return pinsOn(conditions, key, accepted);
  };
  // AWS compares a version 2 token's `azp` with aud and calls its real audience oaud; without a demand on that,
  // any API that the workload calls could replay the token it was sent.
  if (settings.issuer.tokenVersion === 2) {
    replace(
      keyOf('oaud'),
      former.map((one) => one.audience),
      appId,
    );
    pin(keyOf('oaud'), appId, (value) => value === appId);
  }
  replace(
    keyOf('sub'),
    former.map((one) => one.servicePrincipalId),
    servicePrincipalId,
  );
  const pins = pin(keyOf('sub'), servicePrincipalId, isGuid);
  const isOwn = pins.some(({ values }) =>
    values?.every((value) => value.toLowerCase() === servicePrincipalId.toLowerCase()),
  );

  const pinned = isOwn ? 'by-factory' : 'by-developer';

  if (changes.length === 0) return { statements: [statement], pinned, changes };
  const edited: JsonObject = { ...statement, Condition: conditions };
  const others = withoutProvider(statement.Principal, provider.providerArn);
  if (others === undefined) return { statements: [edited], pinned, changes };
  // Ids are unique within a policy: the part that keeps what it had keeps the id as well.
  const { Sid: _, ...own } = edited;
  return {
    statements: [
      { ...own, Principal: { Federated: provider.providerArn } },
      mapEntries(statement, (name, value) => (name === 'Principal' ? others : value)),
    ],
    pinned,
    changes: ['split from the other principals', ...changes],
  };
}

/** The principals beside the provider; undefined where there are none. */
function withoutProvider(principal: unknown, providerArn: string): JsonObject | undefined {
  if (!isObject(principal)) return undefined;
  const federated = strings(principal.Federated)?.filter((arn) => arn !== providerArn) ?? [];
  const rest = Object.entries(principal).flatMap(([type, value]): [string, unknown][] => {
    if (type !== 'Federated') return [[type, value]];
    return federated.length === 0 ? [] : [[type, Array.isArray(value) ? federated : federated[0]]];
  });
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}
