import { FactoryError } from '../errors.ts';
import type { Principal, RequestContext } from './types.ts';

/** What a decision is made in: the request's condition keys, and how much comparing it may still cost. */
export interface Context {
  /** The values of a key in lower case, at least one; undefined where the request has no such key. */
  get(key: string): readonly string[] | undefined;
  /**
   * Pays for comparing. Matching a wildcard takes pattern length times value length steps, and a policy may put long
   * values into thousands of patterns.
   * @throws FactoryError PolicyNotUnderstood once {@link MAX_STEPS} are spent.
   */
  spend(steps: number): void;
}

/** About a second of work; policies within IAM's quotas take less than a hundredth. */
const MAX_STEPS = 250_000_000;

/** The longest action, resource and sum of all condition keys and values; 50 request tags have 19,200. */
export const MAX_REQUEST_LENGTH = 32_768;

/** @throws FactoryError InvalidInput naming `part` and the limit. */
export function checkLength(part: string, length: number): void {
  if (length > MAX_REQUEST_LENGTH) {
    throw new FactoryError(
      'InvalidInput',
      `${part.slice(0, 128)}: expected at most ${MAX_REQUEST_LENGTH} characters, not ${length}`,
    );
  }
}

/**
 * One context from several; where two hold a key, in whatever case, the later one counts.
 * @throws FactoryError InvalidInput when one of them holds a key twice, in different case, or all are too long.
 */
export function readContext(...contexts: readonly RequestContext[]): Context {
  const merged = new Map<string, readonly string[]>();
  let length = 0;
  for (const context of contexts) {
    const seen = new Set<string>();
    for (const [name, value] of Object.entries(context)) {
      if (value === undefined) continue;
      const key = name.toLowerCase();
      if (seen.has(key))
        throw new FactoryError('InvalidInput', `condition key given twice: ${key.slice(0, 128)}`);
      seen.add(key);
      const values = typeof value === 'string' ? [value] : [...value];
      // An empty value is work as well.
      length += key.length + values.reduce((sum, text) => sum + Math.max(text.length, 1), 0);
      checkLength(`condition keys, at ${key}`, length);
      if (values.length > 0) merged.set(key, values);
      else merged.delete(key);
    }
  }
  let left = MAX_STEPS;
  return {
    get: (key) => merged.get(key),
    spend: (steps) => {
      left -= steps;
      if (left < 0) {
        throw new FactoryError(
          'PolicyNotUnderstood',
          `the policies: expected at most ${MAX_STEPS} steps of comparing them with the request`,
        );
      }
    },
  };
}

/** The global condition keys that follow from who asks. */
export function principalContext(principal: Principal): RequestContext {
  switch (principal.type) {
    case 'aws':
      return {
        'aws:PrincipalArn': principal.roleArn ?? principal.arn,
        'aws:PrincipalAccount': principal.accountId,
        'aws:PrincipalIsAWSService': 'false',
        'aws:username': /^arn:[^:]*:iam::\d{12}:user\/(?:.*\/)?([^/]+)$/.exec(principal.arn)?.[1],
      };
    case 'service':
      return { 'aws:PrincipalIsAWSService': 'true', 'aws:PrincipalServiceName': principal.service };
    case 'federated':
    case 'anonymous':
      return { 'aws:PrincipalIsAWSService': 'false' };
  }
}
