/** Policy documents as IAM takes them: well-formed, understood, within their quota. */
import { missingControl } from '../../../core/ci/provider-controls.ts';
import { isFactoryError } from '../../../core/errors.ts';
import { parsePolicy } from '../../../core/policy/document.ts';
import type { Policy, Statement } from '../../../core/policy/types.ts';
import { limitExceeded, malformedPolicy } from './errors.ts';
import type { IamStore, PolicyDocument } from './store.ts';

/**
 * Default quota of a role's trust policy (it can be raised to 8192). AWS says of other policies that whitespace does
 * not count, and nothing of this one: here every character of the minified text counts, which is the stricter
 * reading as far as strings hold spaces.
 */
const TRUST_POLICY_QUOTA = 2048;

function parse(text: string, name: string, kind: Parameters<typeof parsePolicy>[2]): Policy {
  if (!/^[\t\n\r\u0020-\u00ff]+$/.test(text)) {
    throw malformedPolicy('The policy contains characters that are not allowed');
  }
  try {
    return parsePolicy(text, name, kind);
  } catch (error) {
    if (!isFactoryError(error, 'PolicyNotUnderstood')) throw error;
    throw malformedPolicy(error.message);
  }
}

/** Throws MalformedPolicyDocument for what IAM, or the evaluator, does not take. */
export const identityDocument = (text: string, name: string): PolicyDocument => ({
  text,
  policy: parse(text, name, 'identity'),
});

/** Non-whitespace characters: what the quotas of identity policies count. */
export const policySize = (text: string): number => text.replace(/\s/g, '').length;

/** Non-whitespace characters of a managed policy. */
const MANAGED_POLICY_QUOTA = 6144;

export function checkPolicySize(text: string): void {
  if (policySize(text) > MANAGED_POLICY_QUOTA) throw limitExceeded(`PolicySize: ${MANAGED_POLICY_QUOTA}`);
}

/** Throws MalformedPolicyDocument, or LimitExceeded for a document beyond the quota. */
export function trustDocument(iam: IamStore, text: string, roleArn: string): PolicyDocument {
  const policy = parse(text, `trust policy of ${roleArn}`, 'trust');
  for (const statement of policy.statements) checkTrustStatement(iam, statement);
  const missing = missingControl(policy);
  if (missing) {
    throw malformedPolicy(
      `Trust policy with trusted principal ${missing.principal} must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, ${missing.keys.join(' or ')} which is not scoped to all.`,
    );
  }
  if (JSON.stringify(JSON.parse(text)).length > TRUST_POLICY_QUOTA) {
    throw limitExceeded(`ACLSizePerRole: ${TRUST_POLICY_QUOTA}`);
  }
  return { text, policy };
}

function checkTrustStatement(iam: IamStore, statement: Statement): void {
  const { principal } = statement;
  if (!principal) throw malformedPolicy('Missing required field Principal');
  if (!(statement.action ?? statement.notAction ?? []).every((action) => /^sts:/i.test(action))) {
    throw malformedPolicy('AssumeRole policy may only specify STS AssumeRole actions.');
  }
  const wrong = (kind: string, value: string) =>
    malformedPolicy(`Invalid principal in policy: "${kind}":"${value}"`);
  for (const value of principal.aws) if (!isAwsPrincipal(iam, value)) throw wrong('AWS', value);
  for (const value of principal.service) {
    if (!/^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(value)) throw wrong('SERVICE', value);
  }
  for (const value of principal.federated) {
    if (!FEDERATED.test(value) && !BUILT_IN_PROVIDERS.has(value)) throw wrong('Federated', value);
  }
}

/** Whether the provider exists is not checked, only the form of its ARN. */
const FEDERATED = /^arn:aws[a-z-]*:iam::\d{12}:(oidc|saml)-provider\/[^\s]+$/;
const BUILT_IN_PROVIDERS: ReadonlySet<string> = new Set([
  'accounts.google.com',
  'cognito-identity.amazonaws.com',
  'graph.facebook.com',
  'www.amazon.com',
]);

/** Users and roles of accounts that exist here must exist; IAM refuses a principal that it cannot resolve. */
function isAwsPrincipal(iam: IamStore, value: string): boolean {
  if (value === '*' || /^\d{12}$/.test(value) || /^A(ROA|IDA)[A-Z0-9]+$/.test(value)) return true;
  const match = /^arn:aws[a-z-]*:(iam|sts)::(\d{12}):(root|user\/.+|role\/.+|assumed-role\/.+\/.+)$/.exec(
    value,
  );
  if (!match) return false;
  const [, , accountId = '', resource = ''] = match;
  if (!iam.account(accountId)) return true;
  if (resource.startsWith('user/')) return iam.userByArn(value) !== undefined;
  if (resource.startsWith('role/')) return iam.roleByArn(value) !== undefined;
  return true;
}
