/** What the owner of a rewritten trust policy should know of it. */
import { isFactoryError } from '../errors.ts';
import { isGuid } from '../ids.ts';
import { conditionKey } from '../issuer.ts';
import { conditionsOf, conditionsOn } from './conditions.ts';
import { isObject, type JsonObject, readTrustPolicy, strings } from './document.ts';
import type { RewriteRequest, RewrittenTrustPolicy } from './rewrite.ts';
import { type JudgedStatement, judgeStatements } from './statements.ts';
import { whoEnters } from './who-enters.ts';

export interface RewriteWarning {
  readonly code:
    | 'left-alone'
    | 'lets-others-in'
    | 'denies'
    | 'subject-open'
    | 'not-evaluated'
    | 'too-long'
    | 'pinned-already'
    | 'bare-word'
    | 'audience-without-prefix';
  /** Index in the policy as it was; null: it is about the whole. */
  readonly statement: number | null;
  readonly message: string;
}

/** IAM's quota (ACLSizePerRole) where it was not raised, which it can be to 8,192. */
const DEFAULT_QUOTA = 2048;

type Request = Pick<RewriteRequest, 'trustPolicy' | 'provider' | 'accountId' | 'settings' | 'audience'>;

/** The statements that are not the factory's to change, and why, in the order of the policy. Throws as rewriting. */
export function leftAlone(request: Request): readonly RewriteWarning[] {
  const { document, judged } = judgedIn(request);
  return document.statements.flatMap((statement, index) => {
    const own = judged.find((other) => other.index === index);
    if (own === undefined) return [warnOfForeign(statement, index)];
    const leaving = (message: string): RewriteWarning[] => [
      { code: 'left-alone', statement: index, message },
    ];
    if (own.judgement.kind === 'refused') return leaving(own.judgement.detail);
    const { providerArn } = request.provider;
    return own.providerArns.includes(providerArn)
      ? []
      : leaving(`it names ${own.providerArns[0]}, not ${providerArn}`);
  });
}

/** Everything else, of the policy after it was rewritten. */
export function rewriteWarnings(
  request: Request,
  rewritten: RewrittenTrustPolicy,
): readonly RewriteWarning[] {
  const { audience, settings } = request;
  const { length } = rewritten.document;
  const whole = (code: RewriteWarning['code'], message: string): RewriteWarning => ({
    code,
    statement: null,
    message,
  });
  return [
    ...bareWords(request),
    ...(rewritten.pinned === 'by-developer'
      ? [
          whole(
            'pinned-already',
            'sub is pinned in the policy already: only the principals named there enter',
          ),
        ]
      : []),
    ...(settings.issuer.tokenVersion === 1 && isGuid(audience)
      ? [
          whole(
            'audience-without-prefix',
            `tokens of version 1 carry api://${audience}, not the bare client id`,
          ),
        ]
      : []),
    ...openness(request, rewritten.document).map(([code, message]) => whole(code, message)),
    ...(length > DEFAULT_QUOTA
      ? [
          whole(
            'too-long',
            `it has ${length} characters, and the quota is ${DEFAULT_QUOTA} unless it was raised`,
          ),
        ]
      : []),
  ];
}

function judgedIn({ trustPolicy, provider, accountId, settings, audience }: Request) {
  const document = readTrustPolicy(trustPolicy);
  const judged: readonly JudgedStatement[] = judgeStatements(document, {
    issuer: settings.issuer,
    accountId,
    placeholders: settings.placeholders,
    clientIds: provider.clientIds,
    recorded: [audience],
  });
  return { document, judged };
}

function warnOfForeign(statement: JsonObject, index: number): RewriteWarning {
  if (statement.Effect === 'Deny')
    return { code: 'denies', statement: index, message: 'a Deny stays as it is' };
  const { Principal } = statement;
  const named = isObject(Principal)
    ? Object.entries(Principal).flatMap(([type, value]) =>
        (strings(value) ?? ['?']).map((name) => `${type} ${name}`),
      )
    : [JSON.stringify(Principal) ?? 'nobody'];
  const rest = named.length > 3 ? ` and ${named.length - 3} more` : '';
  const message = `it lets others in: ${named.slice(0, 3).join(', ').slice(0, 512)}${rest}`;
  return { code: 'lets-others-in', statement: index, message };
}

/** Words that count as placeholders only because nobody's audience looks like that. */
function bareWords(request: Request): readonly RewriteWarning[] {
  const { provider, settings } = request;
  const key = conditionKey(provider.providerArn, 'aud');
  return judgedIn(request).judged.flatMap(({ judgement, statement, index }) => {
    if (judgement.kind !== 'consents') return [];
    const values = conditionsOn(conditionsOf(statement) ?? {}, key)
      .filter(({ kind }) => kind === 'positive')
      .flatMap((condition) => condition.values ?? []);
    return values
      .filter((value) => !settings.placeholders.some((placeholder) => placeholder === value))
      .map((value) => ({
        code: 'bare-word',
        statement: index,
        message: `${value} counts as a placeholder, unless it is on the provider's client id list`,
      }));
  });
}

function openness(
  { provider, settings }: Request,
  document: string,
): readonly (readonly ['subject-open' | 'not-evaluated', string])[] {
  try {
    const { subject } = whoEnters(document, provider.providerArn, settings.issuer.tokenVersion);
    return subject === 'open'
      ? [['subject-open', 'another statement does not pin sub: every application of the tenant may get in']]
      : [];
  } catch (error) {
    if (!isFactoryError(error, 'PolicyNotUnderstood')) throw error;
    return [['not-evaluated', `who gets in besides cannot be told: ${error.message}`]];
  }
}
