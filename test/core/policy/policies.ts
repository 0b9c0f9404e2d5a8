import { parsePolicy } from '../../../core/policy/document.ts';
import { type AuthorizeOptions, authorize } from '../../../core/policy/evaluate.ts';
import type {
  AccessRequest,
  ApplicablePolicies,
  Decision,
  Policy,
  PolicyKind,
  Principal,
} from '../../../core/policy/types.ts';

export const ACCOUNT = '111122223333';
export const OTHER_ACCOUNT = '444455556666';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/apps/deployer`;
export const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/deployer/run-1`;
export const USER = `arn:aws:iam::${ACCOUNT}:user/teams/dana`;
export const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
export const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:jobs`;

export const session: Principal = { type: 'aws', accountId: ACCOUNT, arn: SESSION, roleArn: ROLE };
export const lambda: Principal = { type: 'service', service: 'lambda.amazonaws.com' };
export const anonymous: Principal = { type: 'anonymous' };
export const user: Principal = { type: 'aws', accountId: ACCOUNT, arn: USER };

/** A policy of the current version with these statements. */
export const policyOf = (kind: PolicyKind, ...statements: readonly object[]): Policy =>
  parsePolicy({ Version: '2012-10-17', Statement: statements }, `${kind} policy`, kind);

export const request = (changes: Partial<AccessRequest> = {}): AccessRequest => ({
  principal: session,
  action: 'sqs:SendMessage',
  resource: QUEUE,
  context: {},
  ...changes,
});

export const ALLOW_ALL = { Effect: 'Allow', Action: '*', Resource: '*' };
export const DENY_ALL = { Effect: 'Deny', Action: '*', Resource: '*' };
/** Allows something, but nothing that these tests ask for. */
export const ALLOW_OTHER = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };

/** Statements per kind of policy. */
export interface Layers {
  identity?: readonly object[];
  boundary?: readonly object[];
  session?: readonly (readonly object[])[];
  resource?: readonly object[];
  trust?: readonly object[];
}

function policiesOf({ identity, boundary, session, resource, trust }: Layers): ApplicablePolicies {
  return {
    identity: identity ? [policyOf('identity', ...identity)] : [],
    ...(boundary ? { boundary: policyOf('boundary', ...boundary) } : {}),
    ...(session ? { session: session.map((statements) => policyOf('session', ...statements)) } : {}),
    ...(resource ? { resource: policyOf('resource', ...resource) } : {}),
    ...(trust ? { resource: policyOf('trust', ...trust) } : {}),
  };
}

/** Decides {@link request} with these statements. */
export const decide = (
  layers: Layers,
  changes: Partial<AccessRequest> = {},
  options?: AuthorizeOptions,
): Decision => authorize(request(changes), policiesOf(layers), options);

/** A statement of a resource policy that allows everything to this principal. */
export const to = (principal: unknown) => ({ ...ALLOW_ALL, Principal: principal });
