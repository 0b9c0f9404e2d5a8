import { FactoryError } from '../errors.ts';
import type { Principal, RequestContext } from './types.ts';

/** Condition keys in lower case with their values, at least one each. */
export type Context = ReadonlyMap<string, readonly string[]>;

/**
 * One context from several; where two hold a key, in whatever case, the later one counts.
 * @throws FactoryError InvalidInput when one of them holds a key twice, in different case.
 */
export function readContext(...contexts: readonly RequestContext[]): Context {
  const merged = new Map<string, readonly string[]>();
  for (const context of contexts) {
    const seen = new Set<string>();
    for (const [name, value] of Object.entries(context)) {
      if (value === undefined) continue;
      const key = name.toLowerCase();
      if (seen.has(key)) throw new FactoryError('InvalidInput', `condition key given twice: ${key}`);
      seen.add(key);
      const values = typeof value === 'string' ? [value] : [...value];
      if (values.length > 0) merged.set(key, values);
      else merged.delete(key);
    }
  }
  return merged;
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
