/** Customer managed policies; their versions are in policy-versions.ts. */
import type {
  CreatePolicyRequest,
  CreatePolicyResponse,
  DeletePolicyRequest,
  GetPolicyRequest,
  GetPolicyResponse,
  ListEntitiesForPolicyRequest,
  ListEntitiesForPolicyResponse,
  ListPoliciesRequest,
  ListPoliciesResponse,
  Policy as PolicyShape,
} from '@aws-sdk/client-iam';
import type { OperationHandler, ServiceCall } from '../../cloud.ts';
import { accountOf, authorize, authorizedPolicy, type IamEnvironment, tagContext } from './access.ts';
import { AWS_POLICIES } from './aws-policies.ts';
import { checkPolicySize, identityDocument } from './documents.ts';
import { alreadyExists, deleteConflict, invalidInput, limitExceeded } from './errors.ts';
import type { Checked } from './input.ts';
import { iamArn, type ManagedPolicy, uniqueId, wholeSeconds } from './store.ts';
import { checkDescription, checkName, checkPath, checkPathPrefix, page, withTags } from './validation.ts';

const POLICIES_PER_ACCOUNT = 1500;

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
      DefaultVersionId: policy.inForce.id,
      AttachmentCount: attachments,
      PermissionsBoundaryUsageCount: boundaries,
      IsAttachable: true,
      CreateDate: policy.createDate,
      UpdateDate: policy.inForce.createDate,
    };
  }

  function details(policy: ManagedPolicy): Partial<PolicyShape> {
    return {
      ...(policy.description !== undefined && { Description: policy.description }),
      ...(policy.tags.size > 0 && { Tags: [...policy.tags.values()] }),
    };
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
    checkPolicySize(input.PolicyDocument);
    const key = PolicyName.toLowerCase();
    if (policies.has(key))
      throw alreadyExists(`A policy called ${PolicyName} already exists. Duplicate names are not allowed.`);
    if (policies.size >= POLICIES_PER_ACCOUNT)
      throw limitExceeded(`PoliciesPerAccount: ${POLICIES_PER_ACCOUNT}`);
    const createDate = wholeSeconds(env.time.now());
    const version = { id: 'v1', createDate, document };
    const policy: ManagedPolicy = {
      accountId,
      name: PolicyName,
      id: uniqueId('ANPA'),
      path: Path,
      arn,
      ...(Description !== undefined && { description: Description }),
      createDate,
      versions: [version],
      inForce: version,
      tags: withTags(new Map(), Tags),
    };
    policies.set(key, policy);
    return { Policy: { ...shape(policy, call), ...details(policy) } };
  }

  return {
    CreatePolicy: create,
    GetPolicy: ({ PolicyArn }: Checked<GetPolicyRequest>, call): GetPolicyResponse => {
      const policy = authorizedPolicy(env, call, PolicyArn);
      return { Policy: { ...shape(policy, call), ...details(policy) } };
    },
    ListEntitiesForPolicy: (
      input: Checked<ListEntitiesForPolicyRequest>,
      call,
    ): ListEntitiesForPolicyResponse => {
      const policy = authorizedPolicy(env, call, input.PolicyArn);
      if (input.EntityFilter !== 'Role' || input.PolicyUsageFilter !== undefined || input.PathPrefix) {
        throw invalidInput('The sandbox lists roles only: EntityFilter Role, and no other filter');
      }
      const { roles } = accountOf(env, call);
      const attached = [...roles.values()].filter((role) => role.attached.has(policy.arn));
      const { items, ...rest } = page(attached, ({ name }) => name.toLowerCase(), input);
      const PolicyRoles = items.map(({ name, id }) => ({ RoleName: name, RoleId: id }));
      return { PolicyRoles, PolicyGroups: [], PolicyUsers: [], ...rest };
    },
    ListPolicies: (input: Checked<ListPoliciesRequest>, call): ListPoliciesResponse => {
      const account = accountOf(env, call);
      authorize(call, '*');
      const { Scope = 'All', PathPrefix = '/', OnlyAttached = false } = input;
      checkPathPrefix(PathPrefix);
      if (input.PolicyUsageFilter !== undefined)
        throw invalidInput('PolicyUsageFilter is not served by the sandbox');
      const policies = [
        ...(Scope === 'Local' ? [] : AWS_POLICIES),
        ...(Scope === 'AWS' ? [] : account.policies.values()),
      ].filter(
        ({ path, arn }) =>
          path.startsWith(PathPrefix) && (!OnlyAttached || uses(account.accountId, arn).attachments > 0),
      );
      const { items, ...rest } = page(policies, ({ arn }) => arn, input);
      return { Policies: items.map((policy) => shape(policy, call)), ...rest };
    },
    DeletePolicy: ({ PolicyArn }: Checked<DeletePolicyRequest>, call) => {
      const policy = authorizedPolicy(env, call, PolicyArn);
      const { attachments, boundaries } = uses(policy.accountId, PolicyArn);
      if (attachments + boundaries > 0) throw deleteConflict('Cannot delete a policy attached to entities.');
      if (policy.versions.length > 1) {
        throw deleteConflict('This policy has more than one version. Delete all but the default one first.');
      }
      accountOf(env, call).policies.delete(policy.name.toLowerCase());
    },
  };
}
