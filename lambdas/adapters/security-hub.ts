/**
 * Security Hub's BatchImportFindings, which only the account of a finding may call. Signed here: the SDK's client
 * brings the schema of every resource of every service, 165 kB more than other clients, for this one POST.
 */
import { FactoryError } from '../../core/errors.ts';
import type { AccountId } from '../../core/ids.ts';
import { PARTITIONS, type Partition } from '../../core/issuer.ts';
import { factoryErrorOf } from './aws-errors.ts';
import { MEMBER_ERRORS, type MemberSession, type OpenSession } from './member-session.ts';
import { reportSessionPolicy } from './session-policies.ts';
import { signedPost } from './signed-post.ts';

export interface SecurityHub {
  /** Findings of an account, made for its product. An account that does not use Security Hub is left alone. */
  report(accountId: AccountId, findings: (productArn: string) => readonly object[]): Promise<void>;
}

export interface SecurityHubOptions {
  readonly partition: Partition;
  readonly openSession: OpenSession;
  /** Where AWS_ENDPOINT_URL_SECURITYHUB and AWS_ENDPOINT_URL count, as they do for the SDK's clients. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const SERVICE = 'securityhub';
/** Security Hub's most in one call. */
const BATCH = 100;

export function securityHub({ partition, openSession, env }: SecurityHubOptions): SecurityHub {
  return {
    report: async (accountId, findings) => {
      const region = PARTITIONS[partition].iamEventRegion;
      const product = `arn:${partition}:${SERVICE}:${region}:${accountId}:product/${accountId}/default`;
      const all = findings(product);
      const session = await openSession(accountId, 'report', reportSessionPolicy(product));
      for (let at = 0; at < all.length; at += BATCH) {
        const body = JSON.stringify({ Findings: all.slice(at, at + BATCH) });
        const url = new URL('/findings/import', endpointOf(partition, region, env));
        await importFindings(session, accountId, url, body);
      }
    },
  };
}

const endpointOf = (partition: Partition, region: string, env: SecurityHubOptions['env']): string =>
  env.AWS_ENDPOINT_URL_SECURITYHUB ??
  env.AWS_ENDPOINT_URL ??
  `https://${SERVICE}.${region}.${PARTITIONS[partition].dnsSuffix}`;

async function importFindings(
  session: MemberSession,
  accountId: AccountId,
  url: URL,
  body: string,
): Promise<void> {
  const call = `BatchImportFindings in ${accountId}`;
  const { status, answer } = await send(session, call, url, body);
  if (status === 200) {
    const { FailedFindings = [] } = answer as { FailedFindings?: { ErrorCode?: string }[] };
    const [failed] = FailedFindings.filter(({ ErrorCode }) => ErrorCode !== NOT_ENABLED);
    if (failed) throw new FactoryError('FindingRejected', `${call}: ${codeIn(failed.ErrorCode)}`);
    return;
  }
  const name = codeIn(answer.__type ?? answer.Code ?? answer.code);
  if (name === NOT_ENABLED || name === `${NOT_ENABLED}Exception`) return;
  throw factoryErrorOf({ name, $metadata: { httpStatusCode: status } }, call, MEMBER_ERRORS);
}

/** What Security Hub says where the account has not enabled it. */
const NOT_ENABLED = 'InvalidAccess';

/** A code, without namespace; whatever else stands there is not repeated. */
const codeIn = (value: unknown): string => /(\w{1,64})$/.exec(String(value))?.[1] ?? '';

async function send(
  { region, credentials, requestHandler }: MemberSession,
  call: string,
  url: URL,
  body: string,
): Promise<{ readonly status: number; readonly answer: Readonly<Record<string, unknown>> }> {
  try {
    const signer = { service: SERVICE, region, credentials, requestHandler };
    const { status, headers, text } = await signedPost(signer, url, 'application/json', body);
    const type = headers['x-amzn-errortype'];
    return { status, answer: { ...JSON.parse(text || '{}'), ...(type !== undefined && { __type: type }) } };
  } catch (error) {
    throw factoryErrorOf(error, call);
  }
}
