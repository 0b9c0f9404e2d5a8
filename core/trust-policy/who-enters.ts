/** Whom of a tenant a trust policy lets in, found by trying tokens instead of reading conditions. */
import { conditionKey, type TokenVersion } from '../issuer.ts';
import { parsePolicy } from '../policy/document.ts';
import { type Glyph, MANY, wildcards } from '../policy/match.ts';
import type { Policy } from '../policy/types.ts';
import { evaluateWebIdentityTrust } from '../policy/web-identity.ts';

export interface WhoEnters {
  /** `open`: an application of the tenant that the policy does not name. `closed`: nobody of the tenant. */
  readonly subject: 'open' | 'pinned' | 'closed';
  /** The subjects that the policy names and lets in. */
  readonly subjects: readonly string[];
}

/** Object id and client id of an application that no policy names. */
const STRANGER = '5712a9e2-0bad-4bad-8bad-0123456789ab';
/** For policies that ask for none. */
const ANY_AUDIENCE = 'api://any';

/**
 * Tries app-only tokens of the provider's tenant: for `audience`, or else for every audience that the policy knows;
 * as a stranger, and as each subject that it names. What is not in a token (session name, network, time) is supposed
 * to be as the policy wants it. Whether the provider lists the audience is not this function's business.
 * @throws FactoryError PolicyNotUnderstood where the policy cannot be read.
 */
export function whoEnters(
  trustPolicy: string,
  providerArn: string,
  tokenVersion: TokenVersion,
  audience?: string,
): WhoEnters {
  const policy = withoutSurroundings(parsePolicy(trustPolicy, 'trust policy', 'trust'));
  const valuesOf = (claim: string) => valuesOn(policy, conditionKey(providerArn, claim));
  const audiencesOf = (claim: string) =>
    audience === undefined ? [...valuesOf(claim).map(filled), ANY_AUDIENCE] : [audience];
  const audiences = audiencesOf('aud');
  const named = valuesOf('sub').filter((value) => !hasWildcards(value));
  const strangers = [STRANGER, ...valuesOf('sub').flatMap(guidsLike)];

  // AWS compares the version 2 token's caller (azp) where it compares the version 1 token's audience.
  const targets = audiencesOf('oaud');
  const tokensOf = (sub: string, callers: readonly string[]) =>
    tokenVersion === 1
      ? audiences.map((aud) => ({ aud, sub }))
      : callers.flatMap((azp) => targets.map((aud) => ({ azp, aud, sub })));
  const enters = (sub: string, callers: readonly string[]) =>
    tokensOf(sub, callers).some(
      (claims) => evaluateWebIdentityTrust({ trustPolicy: policy, providerArn, claims }).allowed,
    );

  const subjects = [...new Set(named)].filter((sub) => enters(sub, audiences));
  if (strangers.some((sub) => enters(sub, [STRANGER]))) return { subject: 'open', subjects };
  const someone = subjects.length > 0 || enters(STRANGER, audiences);
  return { subject: someone ? 'pinned' : 'closed', subjects };
}

/** Conditions on what surrounds the request count as met where they allow, and as not met where they deny. */
const withoutSurroundings = (policy: Policy): Policy => ({
  ...policy,
  statements: policy.statements.flatMap((statement) => {
    const conditions = statement.conditions.filter(({ key }) => !/^(?:aws|sts):/i.test(key));
    const surrounded = conditions.length < statement.conditions.length;
    return surrounded && statement.effect === 'Deny' ? [] : [{ ...statement, conditions }];
  }),
});

const valuesOn = (policy: Policy, key: string): string[] =>
  policy.statements
    .flatMap(({ conditions }) => conditions)
    .filter((condition) => condition.key.toLowerCase() === key.toLowerCase())
    .flatMap(({ values }) => values);

const hasWildcards = (value: string): boolean => /[*?]/.test(value);

/** A value that the pattern matches. */
const filled = (pattern: string): string => pattern.replaceAll('*', '').replaceAll('?', 'x');

/** A GUID that a pattern with wildcards matches, the stranger's own where it leaves the choice; none where none does. */
function guidsLike(pattern: string): string[] {
  if (!hasWildcards(pattern)) return [];
  const end = STRANGER.length;
  // By position: the rest of a GUID from there on that the glyphs seen so far match. From the last glyph to the first.
  let rests: (string | undefined)[] = [...Array(end).fill(undefined), ''];
  for (const glyph of wildcards(pattern).reverse()) {
    const before: (string | undefined)[] = [];
    for (let at = end; at >= 0; at--) {
      const char = charAt(at, glyph);
      const rest = glyph === MANY ? before[at + 1] : rests[at + 1];
      const longer = char !== undefined && rest !== undefined ? char + rest : undefined;
      before[at] = glyph === MANY ? (rests[at] ?? longer) : longer;
    }
    rests = before;
  }
  return rests[0] === undefined ? [] : [rests[0]];
}

/** What stands at a position of a GUID where this glyph takes it; undefined where the glyph cannot. */
function charAt(at: number, glyph: Glyph): string | undefined {
  const own = STRANGER[at];
  if (own === undefined || typeof glyph === 'symbol') return own;
  const fits = own === '-' ? glyph === '-' : /^[0-9a-f]$/i.test(glyph);
  return fits ? glyph : undefined;
}
