/** All that can be said about one token and one trust policy. */
import type { Audience } from '../ids.ts';
import { MISTAKES, type MistakeCode } from '../mistakes.ts';
import type { JsonObject } from '../trust-policy/document.ts';
import { type Advice, adviceOn, mistakeOf } from './advice.ts';
import { applyEdits, type Edit, editText } from './edits.ts';
import { type ChangeQuestion, smallestEdits } from './smallest-change.ts';
import { checkTrust, type TrustVerdict } from './verdict.ts';

export interface SmallestChange extends Advice {
  readonly edits: readonly (Edit & { readonly text: string })[];
  /** The policy with the edits; null where none of them is of the policy. */
  readonly policy: JsonObject | null;
}

export interface TrustAnswer extends TrustVerdict {
  /** Where refused: which mistake it is, and what mends it in most cases. */
  readonly code?: MistakeCode;
  readonly remedy?: string;
  /** What would let this very token in; null where it is let in already, and where only another token helps. */
  readonly change: SmallestChange | null;
}

/** `placeholders`: audiences that ask the factory to serve the role. */
export function answerTrust(question: ChangeQuestion, placeholders: readonly Audience[]): TrustAnswer {
  const verdict = checkTrust(question);
  const code = mistakeOf(question, verdict, placeholders);
  if (code === undefined) return { ...verdict, change: null };
  const edits = smallestEdits(question, verdict);
  return {
    ...verdict,
    code,
    remedy: MISTAKES[code].remedy,
    change: edits === undefined ? null : changeOf(question, edits, code),
  };
}

function changeOf(question: ChangeQuestion, edits: readonly Edit[], code: MistakeCode): SmallestChange {
  const touchesPolicy = edits.some(({ kind }) => kind !== 'list-audience' && kind !== 'request');
  return {
    edits: edits.map((edit) => ({ ...edit, text: editText(edit) })),
    ...adviceOn(question, edits, code),
    policy: touchesPolicy ? applyEdits(question.root, edits) : null,
  };
}
