/** Why a token is not let into a role. */
import type { Audience } from '../ids.ts';
import { answerTrust } from '../trust-check/answer.ts';
import type { ChangeQuestion } from '../trust-check/smallest-change.ts';
import type { TrustVerdict } from '../trust-check/verdict.ts';
import { fail, ok, type Verdict } from './verdict.ts';

export function judgeToken(question: ChangeQuestion, placeholders: readonly Audience[]): Verdict {
  const answer = answerTrust(question, placeholders);
  return answer.code === undefined ? ok('it is let in') : fail(answer.code, refusal(answer));
}

function refusal({ checks, statements, trust }: TrustVerdict): string {
  const refused = checks.find(({ outcome }) => outcome === 'refused');
  if (refused) return `${refused.check}: expected ${refused.expected}, it is ${refused.actual}`;
  if (trust.because === 'explicit-deny') return 'a Deny applies to it';
  const unmet = statements
    .filter(({ effect, principal, action }) => effect === 'Allow' && principal && action)
    .flatMap(({ conditions }) => conditions.filter(({ met }) => !met))
    .map(({ operator, key, values, actual }) => {
      const found = actual === undefined ? 'it has none' : `it is ${actual.join(' ')}`;
      return `${operator} ${key}: expected ${values.join(' or ')}, ${found}`;
    });
  return unmet.length > 0 ? unmet.join('; ') : 'no statement is about it';
}
