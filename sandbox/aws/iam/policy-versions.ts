/** Versions of customer managed policies: at most five, one of them in force. */
import type {
  CreatePolicyVersionRequest,
  CreatePolicyVersionResponse,
  DeletePolicyVersionRequest,
  GetPolicyVersionRequest,
  GetPolicyVersionResponse,
  ListPolicyVersionsRequest,
  ListPolicyVersionsResponse,
  SetDefaultPolicyVersionRequest,
  PolicyVersion as VersionShape,
} from '@aws-sdk/client-iam';
import { type OperationHandler, type ServiceCall, ServiceError } from '../../cloud.ts';
import { encode } from '../sigv4.ts';
import { authorizedPolicy, type IamEnvironment } from './access.ts';
import { checkPolicySize, identityDocument } from './documents.ts';
import { deleteConflict, limitExceeded, noSuchEntity } from './errors.ts';
import type { Checked } from './input.ts';
import { type ManagedPolicy, type PolicyVersion, wholeSeconds } from './store.ts';
import { page } from './validation.ts';

const VERSIONS = 5;

/** AWS's own policies are changed by nobody. */
function changeablePolicy(env: IamEnvironment, call: ServiceCall, arn: string): ManagedPolicy {
  const policy = authorizedPolicy(env, call, arn);
  if (policy.accountId === call.caller.accountId) return policy;
  throw new ServiceError('AccessDenied', `Not authorized to perform iam:${call.operation} on ${arn}`, 403);
}

export function policyVersionOperations(env: IamEnvironment): Record<string, OperationHandler> {
  function create(
    input: Checked<CreatePolicyVersionRequest>,
    call: ServiceCall,
  ): CreatePolicyVersionResponse {
    const policy = changeablePolicy(env, call, input.PolicyArn);
    const document = identityDocument(input.PolicyDocument, policy.arn);
    checkPolicySize(input.PolicyDocument);
    if (policy.versions.length >= VERSIONS) throw limitExceeded(`VersionsPerPolicy: ${VERSIONS}`);
    const number = Math.max(...policy.versions.map(({ id }) => Number(id.slice(1)))) + 1;
    const version = { id: `v${number}`, createDate: wholeSeconds(env.time.now()), document };
    policy.versions.push(version);
    if (input.SetAsDefault) policy.inForce = version;
    return { PolicyVersion: brief(policy, version) };
  }

  return {
    CreatePolicyVersion: create,
    SetDefaultPolicyVersion: (input: Checked<SetDefaultPolicyVersionRequest>, call) => {
      const policy = changeablePolicy(env, call, input.PolicyArn);
      policy.inForce = versionOf(policy, input.VersionId);
    },
    DeletePolicyVersion: (input: Checked<DeletePolicyVersionRequest>, call) => {
      const policy = changeablePolicy(env, call, input.PolicyArn);
      const version = versionOf(policy, input.VersionId);
      if (version === policy.inForce) throw deleteConflict('Cannot delete the default version of a policy.');
      policy.versions.splice(policy.versions.indexOf(version), 1);
    },
    GetPolicyVersion: (input: Checked<GetPolicyVersionRequest>, call): GetPolicyVersionResponse => {
      const policy = authorizedPolicy(env, call, input.PolicyArn);
      const version = versionOf(policy, input.VersionId);
      return { PolicyVersion: { Document: encode(version.document.text), ...brief(policy, version) } };
    },
    ListPolicyVersions: (input: Checked<ListPolicyVersionsRequest>, call): ListPolicyVersionsResponse => {
      const policy = authorizedPolicy(env, call, input.PolicyArn);
      const { items, ...rest } = page(policy.versions, ({ id }) => id, input);
      return { Versions: items.map((version) => brief(policy, version)), ...rest };
    },
  };
}

function versionOf(policy: ManagedPolicy, id: string): PolicyVersion {
  const version = policy.versions.find((candidate) => candidate.id === id);
  if (!version) throw noSuchEntity(`Policy ${policy.arn} version ${id} does not exist or is not attachable.`);
  return version;
}

const brief = (policy: ManagedPolicy, version: PolicyVersion): VersionShape => ({
  VersionId: version.id,
  IsDefaultVersion: version === policy.inForce,
  CreateDate: version.createDate,
});
