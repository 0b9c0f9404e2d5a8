/** `Output` and `Assign`: of a state, a choice or a catcher. */

import { FieldError, type Fields } from '../fields.ts';
import type { Leaving } from './definition.ts';
import { compileTemplate, type StatesMember } from './template.ts';

/** Step Functions: an identifier of at most 80 characters. */
const VARIABLE = /^\p{ID_Start}\p{ID_Continue}{0,79}$/u;

export function readLeaving(owner: Fields, members: readonly StatesMember[]): Leaving {
  const assign = owner.optional('Assign', 'object');
  const variables = Object.keys(assign ?? {});
  for (const name of variables) {
    if (VARIABLE.test(name) && name !== 'states') continue;
    throw new FieldError(`${owner.path}.Assign.${name}`, 'not the name of a variable');
  }
  return {
    output: owner.has('Output')
      ? compileTemplate(owner.optional('Output', 'any'), `${owner.path}.Output`, members)
      : undefined,
    assign: assign && compileTemplate(assign, `${owner.path}.Assign`, members),
    variables,
  };
}
