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
      return { ref: RoleName, attributes: { Arn: Role?.Arn ?? '', RoleId: Role?.RoleId ?? '' } };
    };
  },

  'AWS::IAM::Policy': (properties, context) => {
    const policy = namedPolicy(properties);
    const attach = principalsOf(properties, context, 'Put', 'Policy', () => policy);
    return async () => {
      await attach();
      return { ref: policy.PolicyName };
    };
  },

  'AWS::IAM::ManagedPolicy': (properties, context) => {
    const PolicyName = properties.optional('ManagedPolicyName', 'string') ?? context.physicalName(128);
    const input = {
      PolicyName,
      PolicyDocument: policyText(properties.required('PolicyDocument', 'any')),
      ...copied(properties, ['Path', 'Description']),
    };
    let PolicyArn = '';
    const attach = principalsOf(properties, context, 'Attach', 'Policy', () => ({ PolicyArn }));
    return async () => {
      const { Policy } = await context.invoke<CreatePolicyResponse>('iam', 'CreatePolicy', input);
      PolicyArn = Policy?.Arn ?? '';
      await attach();
      return { ref: PolicyArn, attributes: { PolicyArn } };
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
      return { ref: arn, attributes: { Arn: arn } };
    };
  },
};

const namedPolicy = (properties: Fields) => ({
  PolicyName: properties.required('PolicyName', 'string'),
  PolicyDocument: policyText(properties.required('PolicyDocument', 'any')),
});

/** Gives a policy to the roles and users that the resource lists. */
function principalsOf(
  properties: Fields,
  { invoke }: CreationContext,
  verb: 'Put' | 'Attach',
  noun: 'Policy',
  policy: () => object,
): () => Promise<void> {
  const roles = properties.optional('Roles', 'array') ?? [];
  const users = properties.optional('Users', 'array') ?? [];
  return async () => {
    for (const RoleName of roles) await invoke('iam', `${verb}Role${noun}`, { RoleName, ...policy() });
    for (const UserName of users) await invoke('iam', `${verb}User${noun}`, { UserName, ...policy() });
  };
}
