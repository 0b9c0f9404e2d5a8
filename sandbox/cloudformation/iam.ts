import type {
  CreateOpenIDConnectProviderResponse,
  CreatePolicyResponse,
  CreateRoleResponse,
} from '@aws-sdk/client-iam';
import { type Fields, fields } from '../fields.ts';
import { type CreationContext, type Creator, copied, policyText, present } from './creator.ts';

/** IAM is served in every region; calls go to the deployment's. */
export const IAM_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::IAM::Role': (properties, { invoke, physicalName }) => {
    const RoleName = properties.optional('RoleName', 'string') ?? physicalName(64);
    const input = {
      RoleName,
      AssumeRolePolicyDocument: policyText(properties.required('AssumeRolePolicyDocument', 'any')),
      ...copied(properties, ['Path', 'Description', 'MaxSessionDuration', 'PermissionsBoundary', 'Tags']),
    };
    const managed = (properties.optional('ManagedPolicyArns', 'array') ?? []).map(String);
    const inline = (properties.optional('Policies', 'array') ?? []).map((value, index) => {
      const policy = fields(value, `${properties.path}.Policies[${index}]`);
      const read = namedPolicy(policy);
      policy.done();
      return read;
    });
    return async () => {
      const { Role } = await invoke<CreateRoleResponse>('iam', 'CreateRole', input);
      for (const PolicyArn of managed) await invoke('iam', 'AttachRolePolicy', { RoleName, PolicyArn });
      for (const policy of inline) await invoke('iam', 'PutRolePolicy', { RoleName, ...policy });
      return {
        ref: RoleName,
        attributes: { Arn: Role?.Arn ?? '', RoleId: Role?.RoleId ?? '' },
        // Its own policies: with one of somebody else's, the role cannot be deleted.
        remove: async () => {
          for (const PolicyArn of managed) await invoke('iam', 'DetachRolePolicy', { RoleName, PolicyArn });
          for (const { PolicyName } of inline)
            await invoke('iam', 'DeleteRolePolicy', { RoleName, PolicyName });
          await invoke('iam', 'DeleteRole', { RoleName });
        },
      };
    };
  },

  'AWS::IAM::Policy': (properties, context) => {
    const policy = namedPolicy(properties);
    const { PolicyName } = policy;
    const forEach = principalsOf(properties, context);
    return async () => {
      await forEach('Put', policy);
      return { ref: PolicyName, remove: () => forEach('Delete', { PolicyName }) };
    };
  },

  'AWS::IAM::ManagedPolicy': (properties, context) => {
    const PolicyName = properties.optional('ManagedPolicyName', 'string') ?? context.physicalName(128);
    const input = {
      PolicyName,
      PolicyDocument: policyText(properties.required('PolicyDocument', 'any')),
      ...copied(properties, ['Path', 'Description']),
    };
    const forEach = principalsOf(properties, context);
    return async () => {
      const { Policy } = await context.invoke<CreatePolicyResponse>('iam', 'CreatePolicy', input);
      const PolicyArn = Policy?.Arn ?? '';
      await forEach('Attach', { PolicyArn });
      return {
        ref: PolicyArn,
        attributes: { PolicyArn },
        remove: async () => {
          await forEach('Detach', { PolicyArn });
          await context.invoke('iam', 'DeletePolicy', { PolicyArn });
        },
      };
    };
  },

  'AWS::IAM::OIDCProvider': (properties, { invoke }) => {
    const input = present({
      Url: properties.required('Url', 'string'),
      ClientIDList: properties.optional('ClientIdList', 'array'),
      ThumbprintList: properties.optional('ThumbprintList', 'array'),
      Tags: properties.optional('Tags', 'array'),
    });
    return async () => {
      const { OpenIDConnectProviderArn: arn = '' } = await invoke<CreateOpenIDConnectProviderResponse>(
        'iam',
        'CreateOpenIDConnectProvider',
        input,
      );
      return {
        ref: arn,
        attributes: { Arn: arn },
        remove: () => invoke('iam', 'DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn: arn }),
      };
    };
  },
};

const namedPolicy = (properties: Fields) => ({
  PolicyName: properties.required('PolicyName', 'string'),
  PolicyDocument: policyText(properties.required('PolicyDocument', 'any')),
});

/** Does something with a policy to the roles and users that the resource lists. */
function principalsOf(properties: Fields, { invoke }: CreationContext) {
  const roles = properties.optional('Roles', 'array') ?? [];
  const users = properties.optional('Users', 'array') ?? [];
  return async (verb: 'Put' | 'Delete' | 'Attach' | 'Detach', policy: object): Promise<void> => {
    for (const RoleName of roles) await invoke('iam', `${verb}RolePolicy`, { RoleName, ...policy });
    for (const UserName of users) await invoke('iam', `${verb}UserPolicy`, { UserName, ...policy });
  };
}
