/** Which mistake a refusal is, and whether the change that would let the token in is wise. */
import { type Audience, isGuid } from '../ids.ts';
import { entraProvider, identifierUriFor } from '../issuer.ts';
import type { MistakeCode } from '../mistakes.ts';
import { isPlaceholder } from '../trust-policy/statements.ts';
import { whoEnters } from '../trust-policy/who-enters.ts';
import { applyEdits, type Edit } from './edits.ts';
import type { ChangeQuestion } from './smallest-change.ts';
import type { CheckedCondition, TrustVerdict } from './verdict.ts';

export interface Advice {
  readonly wise: boolean;
  readonly because: string;
}

/** Undefined where the token is let in. `placeholders`: audiences that ask the factory to serve the role. */
export function mistakeOf(
  { provider }: ChangeQuestion,
  verdict: TrustVerdict,
  placeholders: readonly Audience[],
): MistakeCode | undefined {
  if (verdict.letIn) return undefined;
  const refused = verdict.checks.find(({ outcome }) => outcome === 'refused');
  if (refused) return refused.mistake ?? 'StsRefuses';
  if (verdict.trust.because === 'explicit-deny') return 'DeniedExplicitly';
  const unmet = verdict.statements
    .filter(({ effect, principal, action }) => effect === 'Allow' && principal && action)
    .flatMap(({ conditions }) => conditions.filter(({ met }) => !met));
  const on = (claim: string) => unmet.find(({ key }) => claimOf(key) === claim);
  const audience = on('aud');
  if (audience) return audienceMistake(audience, provider.clientIds ?? [], placeholders);
  return on('sub') ? 'SubjectNotTrusted' : 'NotTrusted';
}

function audienceMistake(
  { values, actual = [] }: CheckedCondition,
  clientIds: readonly string[],
  placeholders: readonly Audience[],
): MistakeCode {
  if (values.every((value) => isPlaceholder(value, { placeholders: placeholders, clientIds }))) {
    return 'RoleNotReady';
  }
  const lacksPrefix = actual.some((value) => isGuid(value) && values.includes(identifierUriFor(value)));
  return lacksPrefix ? 'AudienceWithoutPrefix' : 'AudienceNotTrusted';
}

/** Judges a change of the policy by each edit, and by whom it lets in besides. */
export function adviceOn(question: ChangeQuestion, edits: readonly Edit[], mistake: MistakeCode): Advice {
  const objections = edits.flatMap((edit) => objectionTo(edit, question, mistake) ?? []);
  const objection = objections[0] ?? openness(question, edits);
  if (objection !== undefined) return { wise: false, because: objection };
  const inRequest = edits.every(({ kind }) => kind === 'request');
  return {
    wise: true,
    because: inRequest
      ? 'only the call to STS has to be different'
      : `nobody gets in besides ${String(question.token.claims.sub)}, if that is who is meant to`,
  };
}

/** Claims that AWS makes condition keys of, for a provider that it gives no keys of its own. */
const CLAIMS: ReadonlySet<string> = new Set(['aud', 'oaud', 'sub', 'amr', 'email']);

/** To widen AWS for them would be to keep the mistake. */
const MENDED_ELSEWHERE: ReadonlySet<MistakeCode> = new Set(['CallerIsAudience', 'AudienceWithoutPrefix']);

function objectionTo(
  edit: Edit,
  { policy, provider, token }: ChangeQuestion,
  mistake: MistakeCode,
): string | undefined {
  switch (edit.kind) {
    case 'rename-key':
    case 'name-provider':
    case 'allow-action':
    case 'request':
      return undefined;
    case 'add-statement':
      return subjectObjection(token.claims.sub, provider.arn);
    case 'add-value':
      return valueObjection(edit, { policy, provider }, mistake);
    case 'drop-condition': {
      const claim = claimOf(edit.key);
      // Never met by anybody, so nobody has ever relied on it.
      if (entraProvider(provider.arn) && !CLAIMS.has(claim)) return undefined;
      return `without its condition on ${claim} the statement asks for less than its author wanted`;
    }
    case 'drop-statement':
      return 'a Deny is there because somebody wanted it: ask its author';
    case 'list-audience':
      return MENDED_ELSEWHERE.has(mistake)
        ? 'the token is not what it should be, so mend that instead'
        : undefined;
  }
}

function valueObjection(
  { key, operator, value, statement }: Extract<Edit, { kind: 'add-value' }>,
  { policy, provider }: Pick<ChangeQuestion, 'policy' | 'provider'>,
  mistake: MistakeCode,
): string | undefined {
  if (policy.version !== '2012-10-17' && /Like/.test(operator) && /[*?]/.test(value)) {
    return `${value} would be a wildcard`;
  }
  const claim = claimOf(key);
  if (claim === 'sub') return subjectObjection(value, provider.arn);
  if (claim !== 'aud') return `the demand on ${claim} is there because somebody wanted it: ask its author`;
  if (mistake === 'RoleNotReady') return 'the factory has not served the role yet, so wait for that instead';
  const demanded = policy.statements[statement]?.conditions.find(
    (condition) => condition.operator === operator && condition.key === key,
  );
  if (
    demanded?.values.some((other) => identifierUriFor(other) === value || other === identifierUriFor(value))
  ) {
    return undefined;
  }
  return `the role would take tokens that were made for something else; ask for one for ${demanded?.values.join(' or ')} instead`;
}

/** Of Entra only a service principal's token names its subject by an id that nobody can choose. */
const subjectObjection = (sub: unknown, providerArn: string): string | undefined =>
  entraProvider(providerArn) && !(typeof sub === 'string' && isGuid(sub))
    ? `sub is no object id of a service principal, so this is no workload's token`
    : undefined;

/** Whether anybody of the tenant could get in afterwards, named or not. */
function openness({ root, provider, token }: ChangeQuestion, edits: readonly Edit[]): string | undefined {
  const issuer = entraProvider(provider.arn)?.issuer;
  if (issuer === undefined) return undefined;
  const after = JSON.stringify(applyEdits(root, edits));
  return whoEnters(after, provider.arn, issuer.tokenVersion).subject === 'open'
    ? `every application of the tenant could get in; pin sub to ${String(token.claims.sub)} as well`
    : undefined;
}

const claimOf = (key: string): string => key.slice(key.lastIndexOf(':') + 1).toLowerCase();
