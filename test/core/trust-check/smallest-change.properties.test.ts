import fc from 'fast-check';
import { expect, it } from 'vitest';
import { entraProvider } from '../../../core/issuer.ts';
import { parsePolicy } from '../../../core/policy/document.ts';
import { adviceOn, mistakeOf } from '../../../core/trust-check/advice.ts';
import { applyEdits, type Edit } from '../../../core/trust-check/edits.ts';
import { type ChangeQuestion, smallestEdits } from '../../../core/trust-check/smallest-change.ts';
import { checkTrust, type TrustVerdict } from '../../../core/trust-check/verdict.ts';
import { exchange } from '../../generators/web-identity.ts';

const RUNS = 200;
/** An application of the tenant that nobody names. */
const STRANGER = '5712a9e2-1111-4222-8333-444444444444';

/** The answer once the edits are made, on either side. */
function after(
  question: ChangeQuestion,
  edits: readonly Edit[],
  claims = question.token.claims,
): TrustVerdict {
  const policy = parsePolicy(applyEdits(question.root, edits), 'trust policy', 'trust');
  const listed = edits.flatMap((edit) => (edit.kind === 'list-audience' ? [edit.audience] : []));
  const provider = { ...question.provider, clientIds: [...(question.provider.clientIds ?? []), ...listed] };
  return checkTrust({ ...question, policy, provider, token: { ...question.token, claims } });
}

/** Refused questions with their edits; those that ask for another request cannot be tried with this one. */
const mendable = exchange
  .map((question) => {
    const verdict = checkTrust(question);
    return { question, verdict, edits: smallestEdits(question, verdict) };
  })
  .filter(({ edits }) => edits !== undefined && !edits.some(({ kind }) => kind === 'request'))
  .map(({ edits = [], ...rest }) => ({ ...rest, edits }));

it('lets the token in, and needs every one of its edits for that', () => {
  fc.assert(
    fc.property(mendable, ({ question, edits }) => {
      expect(after(question, edits)).toMatchObject({ letIn: true });
      for (const edit of edits) {
        const fewer = edits.filter((other) => other !== edit);
        expect(after(question, fewer).letIn, JSON.stringify(edit)).toBe(false);
      }
    }),
    { numRuns: RUNS },
  );
});

it('exists for every token that is in order itself', () => {
  fc.assert(
    fc.property(exchange, (question) => {
      const verdict = checkTrust(question);
      const isInOrder = verdict.checks.every(
        ({ check, outcome }) => outcome !== 'refused' || check === 'audience',
      );
      const hasAudience = !Array.isArray(question.token.claims.aud) || question.token.claims.aud.length === 1;
      fc.pre(!verdict.letIn && isInOrder && hasAudience);
      expect(smallestEdits(question, verdict)).toBeDefined();
    }),
    { numRuns: RUNS },
  );
});

it('is called wise only where no stranger of the tenant gets in afterwards', () => {
  let wise = 0;
  fc.assert(
    fc.property(mendable, ({ question, verdict, edits }) => {
      const mistake = mistakeOf(question, verdict, []) ?? 'NotTrusted';
      if (!adviceOn(question, edits, mistake).wise) return;
      wise++;
      // Entra writes the caller into version 2 tokens, and only into those.
      const isV2 = entraProvider(question.provider.arn)?.issuer.tokenVersion === 2;
      const stranger = { ...question.token.claims, sub: STRANGER, azp: isV2 ? STRANGER : undefined };
      expect(after(question, edits, stranger).letIn).toBe(false);
    }),
    { numRuns: RUNS },
  );
  expect(wise).toBeGreaterThan(0);
});
