/** What the states with work of their own have in common: where they go next, Output, Assign, Retry and Catch. */

import { FieldError, type Fields } from '../fields.ts';
import { readCatch, readRetry } from './error-rules.ts';
import { readLeaving } from './leaving.ts';
import { compileTemplate, type StatesMember, type Template } from './template.ts';

/** `members`: of `$states`, in Output and Assign. */
export const readGuarded = (raw: Fields, members: readonly StatesMember[] = ['result']) => ({
  next: readNext(raw),
  ...readLeaving(raw, members),
  retry: readRetry(raw),
  catch: readCatch(raw),
});

/** `Next`, or undefined for `End: true`; exactly one of the two. */
export function readNext(raw: Fields): string | undefined {
  const next = raw.optional('Next', 'string');
  const end = raw.optional('End', 'any');
  if (end !== undefined && end !== true) throw new FieldError(`${raw.path}.End`, 'expected true');
  if ((next === undefined) === (end === undefined)) {
    throw new FieldError(raw.path, 'expected either Next or End');
  }
  return next;
}

export const readTemplate = (raw: Fields, name: string): Template | undefined =>
  raw.has(name) ? compileTemplate(raw.optional(name, 'any'), `${raw.path}.${name}`, []) : undefined;
