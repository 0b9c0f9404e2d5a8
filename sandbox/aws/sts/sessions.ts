/** What AssumeRole and AssumeRoleWithWebIdentity have in common: inputs, session policies, durations, answers. */
import {
  type Credentials as CredentialsShape,
  MalformedPolicyDocumentException,
  type PolicyDescriptorType,
} from '@aws-sdk/client-sts';
import { isFactoryError } from '../../../core/errors.ts';
import { parsePolicy } from '../../../core/policy/document.ts';
import type { Policy } from '../../../core/policy/types.ts';
import { type Credentials, ServiceError } from '../../cloud.ts';
import type { Checked } from '../iam/input.ts';
import type { IamStore, Role } from '../iam/store.ts';

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const POLICY_CHARACTERS = 2048;
const POLICY_ARNS = 10;
const CHAINED_SECONDS = 3600;
export const DEFAULT_SECONDS = 3600;

export const invalid = (message: string): ServiceError => new ServiceError('ValidationError', message);

const invalidValue = (value: string, member: string, constraint: string): ServiceError =>
  invalid(
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${constraint}`,
  );

export interface SessionInput {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly Checked<PolicyDescriptorType>[] | undefined;
  readonly DurationSeconds?: number | undefined;
}

/** Account and session policy of a request; ValidationError or MalformedPolicyDocument where it does not fit. */
export function readSession(
  iam: IamStore,
  input: SessionInput,
): { accountId: string; sessionPolicy: Policy | undefined } {
  const { RoleArn, RoleSessionName, DurationSeconds = DEFAULT_SECONDS } = input;
  const accountId = /^arn:aws:iam::(\d{12}):role\/[\u0021-\u007f]+$/.exec(RoleArn)?.[1];
  if (accountId === undefined) throw invalid(`${RoleArn} is invalid`);
  checkSessionName(RoleSessionName, 'roleSessionName');
  if (!Number.isInteger(DurationSeconds) || DurationSeconds < 900 || DurationSeconds > 43_200) {
    throw invalidValue(String(DurationSeconds), 'durationSeconds', 'have value between 900 and 43200');
  }
  return { accountId, sessionPolicy: sessionPolicy(iam, accountId, input) };
}

/** Session names and source identities. */
export function checkSessionName(value: string, member: string): void {
  if (!/^[\w+=,.@-]{2,64}$/.test(value)) {
    throw invalidValue(value, member, 'satisfy regular expression pattern: [\\w+=,.@-]{2,64}');
  }
}

/** AWS unites the policy with those named by ARN: together they are one limit on the session. */
function sessionPolicy(
  iam: IamStore,
  accountId: string,
  { Policy: text, PolicyArns = [] }: SessionInput,
): Policy | undefined {
  if (text === undefined && PolicyArns.length === 0) return undefined;
  if (PolicyArns.length > POLICY_ARNS) throw invalid(`At most ${POLICY_ARNS} policy ARNs can be given`);
  const policies = PolicyArns.map(({ arn }) => {
    const policy = arn === undefined ? undefined : iam.managedPolicy(arn);
    if (!policy || (policy.accountId !== 'aws' && policy.accountId !== accountId)) {
      throw malformed(`Policy ${arn} does not exist`);
    }
    return policy.inForce.document.policy;
  });
  if (text !== undefined) policies.push(parseSessionPolicy(text));
  const [first] = policies;
  if (policies.length === 1) return first;
  // Statements of a version keep their meaning only beside their own kind.
  if (new Set(policies.map(({ version }) => version)).size > 1) {
    throw malformed('The sandbox takes session policies of one version only');
  }
  const statements = policies.flatMap((policy) => policy.statements);
  return {
    name: 'session policies',
    version: first?.version ?? '2012-10-17',
    statements: statements.map((statement, index) => ({ ...statement, index })),
  };
}

function parseSessionPolicy(text: string): Policy {
  if (text.length > POLICY_CHARACTERS) {
    throw invalidValue('(policy)', 'policy', `have length less than or equal to ${POLICY_CHARACTERS}`);
  }
  try {
    return parsePolicy(text, 'session policy', 'session');
  } catch (error) {
    if (!isFactoryError(error, 'PolicyNotUnderstood')) throw error;
    throw malformed(error.message);
  }
}

const malformed = (message: string) => new MalformedPolicyDocumentException({ message, $metadata: {} });

/** How long a session lasts; ValidationError where the role or chaining does not allow as much. */
export function sessionSeconds(role: Role, requested: number = DEFAULT_SECONDS, chained = false): number {
  if (chained && requested > CHAINED_SECONDS) {
    throw invalid(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  }
  if (requested > role.maxSessionDuration) {
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  return requested;
}

export const credentialsShape = (credentials: Credentials): CredentialsShape => ({
  AccessKeyId: credentials.accessKeyId,
  SecretAccessKey: credentials.secretAccessKey,
  SessionToken: credentials.sessionToken,
  Expiration: credentials.expiration,
});

/** Percent of what AWS packs policies into. Its packing is not public: plain characters are counted here. */
export const packedSize = ({
  Policy: text,
  PolicyArns = [],
}: SessionInput): { PackedPolicySize?: number } => {
  const characters = (text ?? '').length + PolicyArns.reduce((sum, { arn = '' }) => sum + arn.length, 0);
  return characters === 0 ? {} : { PackedPolicySize: Math.ceil((100 * characters) / POLICY_CHARACTERS) };
};
