/** The `Principal` and `NotPrincipal` elements, as written. */
import type { Refuse } from './json.ts';
import type { PrincipalElement } from './types.ts';

const ACCOUNT = /^\d{12}$/;
/** IAM takes no wildcard inside a principal. */
const ARN =
  /^arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|(?:user|role)\/[^\s*?]+)|sts::\d{12}:(?:assumed-role|federated-user)\/[^\s*?]+)$/;
/** What IAM shows for a user or role that was deleted: it names nobody any more. */
const DELETED = /^A(?:IDA|ROA)[A-Z0-9]{12,124}$/;
const SERVICE = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;
/** ARN of an OIDC or SAML provider, or the name of a built-in one. */
const FEDERATED =
  /^(?:arn:aws[a-z-]*:iam::\d{12}:(?:oidc|saml)-provider\/[^\s*?]+|[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/;

const TYPES = ['AWS', 'Service', 'Federated'] as const;

/** Reads the element. `"*"` and `{"AWS":"*"}` mean the same; canonical user ids (S3) are refused. */
export function parsePrincipal(value: unknown, path: string, refuse: Refuse): PrincipalElement {
  if (value === '*') return { any: true, aws: [], service: [], federated: [] };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(path, '* or an object');
  }
  const entries = Object.entries(value);
  const known: readonly string[] = TYPES;
  if (entries.length === 0 || !entries.every(([type]) => known.includes(type))) {
    refuse(path, `one or more of ${TYPES.join(', ')}`);
  }
  const named = (type: (typeof TYPES)[number], accepts: (name: string) => boolean, expected: string) => {
    const names: unknown = Object.hasOwn(value, type) ? (value as Record<string, unknown>)[type] : undefined;
    if (names === undefined) return [];
    const list: unknown[] = Array.isArray(names) ? names : [names];
    if (list.length === 0) refuse(`${path}.${type}`, 'at least one value');
    return list.map((name) =>
      typeof name === 'string' && accepts(name) ? name : refuse(`${path}.${type}`, expected),
    );
  };
  const aws = named(
    'AWS',
    (name) => name === '*' || ACCOUNT.test(name) || ARN.test(name) || DELETED.test(name),
    '*, an account id, or the ARN of an account, user, role or session',
  );
  return {
    any: aws.includes('*'),
    aws: aws.filter((name) => name !== '*'),
    service: named('Service', (name) => SERVICE.test(name), 'a service principal without wildcards'),
    federated: named(
      'Federated',
      (name) => FEDERATED.test(name),
      'the ARN of an identity provider or the name of a built-in one',
    ),
  };
}
