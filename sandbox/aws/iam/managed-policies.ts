/** Customer managed policies, with their first version only. */
import type {
  CreatePolicyRequest,
  CreatePolicyResponse,
  DeletePolicyRequest,
  GetPolicyRequest,
  GetPolicyResponse,
  GetPolicyVersionRequest,
  GetPolicyVersionResponse,
  ListPoliciesRequest,
  ListPoliciesResponse,
  Policy as PolicyShape,
} from '@aws-sdk/client-iam';
import type { OperationHandler, ServiceCall } from '../../cloud.ts';
import { encode } from '../sigv4.ts';
import { accountOf, authorize, type IamEnvironment, resourceContext, tagContext } from './access.ts';
import { identityDocument, policySize } from './documents.ts';
import { alreadyExists, deleteConflict, invalidInput, limitExceeded, noSuchEntity } from './errors.ts';
import type { Checked } from './input.ts';
import { ADMINISTRATOR_ACCESS, iamArn, type ManagedPolicy, uniqueId, wholeSeconds } from './store.ts';
import { checkDescription, checkName, checkPath, checkPathPrefix, page, withTags } from './validation.ts';

/** Non-whitespace characters of a managed policy. */
const SIZE_QUOTA = 6144;
const POLICIES_PER_ACCOUNT = 1500;
const VERSION = 'v1';

export function managedPolicyOperations(env: IamEnvironment): Record<string, OperationHandler> {
  /** How many identities of the account have the policy, and how many have it as a boundary. */
  function uses(accountId: string, arn: string): { attachments: number; boundaries: number } {
    const account = env.iam.account(accountId);
    const identities = account ? [...account.roles.values(), ...account.users.values()] : [];
    return {
      attachments: identities.filter(({ attached }) => attached.has(arn)).length,
      boundaries: identities.filter(({ permissionsBoundary }) => permissionsBoundary === arn).length,
    };
  }

  function shape(policy: ManagedPolicy, call: ServiceCall): PolicyShape {
    const { attachments, boundaries } = uses(call.caller.accountId, policy.arn);
    return {
      PolicyName: policy.name,
      PolicyId: policy.id,
      Arn: policy.arn,
      Path: policy.path,
      DefaultVersionId: VERSION,
      AttachmentCount: attachments,
      PermissionsBoundaryUsageCount: boundaries,
      IsAttachable: true,
      CreateDate: policy.createDate,
      UpdateDate: policy.createDate,
    };
  }

  function details(policy: ManagedPolicy): Partial<PolicyShape> {
    return {
      ...(policy.description !== undefined && { Description: policy.description }),
      ...(policy.tags.size > 0 && { Tags: [...policy.tags.values()] }),
    };
  }

  function authorized(call: ServiceCall, arn: string): ManagedPolicy {
    const policy = env.iam.managedPolicy(arn);
    authorize(call, arn, resourceContext(policy));
    const visible = policy && (policy.accountId === 'aws' || policy.accountId === call.caller.accountId);
    if (!visible) throw noSuchEntity(`Policy ${arn} was not found.`);
    return policy;
  }

  function create(input: Checked<CreatePolicyRequest>, call: ServiceCall): CreatePolicyResponse {
    const { PolicyName, Path = '/', Description, Tags = [] } = input;
    checkName(PolicyName, 'policyName', 128);
    checkPath(Path);
    const { accountId, policies } = accountOf(env, call);
    const arn = iamArn(accountId, `policy${Path}${PolicyName}`);
    authorize(call, arn, tagContext(Tags));
    if (Tags.length > 0)
      call.authorize({ action: 'iam:TagPolicy', resource: arn, context: tagContext(Tags) });
    if (Description !== undefined) checkDescription(Description);
    const document = identityDocument(input.PolicyDocument, arn);
    if (policySize(input.PolicyDocument) > SIZE_QUOTA) throw limitExceeded(`PolicySize: ${SIZE_QUOTA}`);
    const key = PolicyName.toLowerCase();
    if (policies.has(key))
      throw alreadyExists(`A policy called ${PolicyName} already exists. Duplicate names are not allowed.`);
    if (policies.size >= POLICIES_PER_ACCOUNT)
      throw limitExceeded(`PoliciesPerAccount: ${POLICIES_PER_ACCOUNT}`);
    const policy: ManagedPolicy = {
      accountId,
      name: PolicyName,
      id: uniqueId('ANPA'),
      path: Path,
      arn,
      ...(Description !== undefined && { description: Description }),
      createDate: wholeSeconds(env.time.now()),
      document,
      tags: withTags(new Map(), Tags),
    };
    policies.set(key, policy);
    return { Policy: { ...shape(policy, call), ...details(policy) } };
  }

  return {
    CreatePolicy: create,
    GetPolicy: ({ PolicyArn }: Checked<GetPolicyRequest>, call): GetPolicyResponse => {
      const policy = authorized(call, PolicyArn);
      return { Policy: { ...shape(policy, call), ...details(policy) } };
    },
    GetPolicyVersion: (input: Checked<GetPolicyVersionRequest>, call): GetPolicyVersionResponse => {
      const policy = authorized(call, input.PolicyArn);
      if (input.VersionId !== VERSION)
        throw noSuchEntity(`Policy ${input.PolicyArn} version ${input.VersionId} does not exist.`);
      return {
        PolicyVersion: {
          Document: encode(policy.document.text),
          VersionId: VERSION,
          IsDefaultVersion: true,
          CreateDate: policy.createDate,
        },
      };
    },
    ListPolicies: (input: Checked<ListPoliciesRequest>, call): ListPoliciesResponse => {
      const account = accountOf(env, call);
      authorize(call, '*');
      const { Scope = 'All', PathPrefix = '/', OnlyAttached = false } = input;
      checkPathPrefix(PathPrefix);
      if (input.PolicyUsageFilter !== undefined)
        throw invalidInput('PolicyUsageFilter is not served by the sandbox');
      const policies = [
        ...(Scope === 'Local' ? [] : [ADMINISTRATOR_ACCESS]),
        ...(Scope === 'AWS' ? [] : account.policies.values()),
      ].filter(
        ({ path, arn }) =>
          path.startsWith(PathPrefix) && (!OnlyAttached || uses(account.accountId, arn).attachments > 0),
      );
      const { items, ...rest } = page(policies, ({ arn }) => arn, input);
      return { Policies: items.map((policy) => shape(policy, call)), ...rest };
    },
    DeletePolicy: ({ PolicyArn }: Checked<DeletePolicyRequest>, call) => {
      const policy = authorized(call, PolicyArn);
      const { attachments, boundaries } = uses(policy.accountId, PolicyArn);
      if (attachments + boundaries > 0) throw deleteConflict('Cannot delete a policy attached to entities.');
      accountOf(env, call).policies.delete(policy.name.toLowerCase());
    },
  };
}
