/** What goes wrong in a member account, each with its repair. As its administrator. */
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetOpenIDConnectProviderCommand,
  GetRolePolicyCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
} from '@aws-sdk/client-iam';
import type { MemberClient } from '../../sandbox/clients.ts';

export type Repair = () => Promise<unknown>;
type Purpose = 'inspect' | 'provider' | 'trust';

interface Document {
  Statement: { Sid?: string }[];
}

async function inlinePolicy({ iam }: MemberClient, RoleName: string) {
  const { PolicyNames: [PolicyName = ''] = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
  return { RoleName, PolicyName, PolicyDocument: decodeURIComponent(PolicyDocument) };
}

/** Takes one statement out of a member role's policy. */
export async function withoutStatement(member: MemberClient, purpose: Purpose, sid: string): Promise<Repair> {
  const whole = await inlinePolicy(member, `oidc-factory-${purpose}`);
  const document: Document = JSON.parse(whole.PolicyDocument);
  const rest = document.Statement.filter(({ Sid }) => Sid !== sid);
  if (rest.length === document.Statement.length) throw new Error(`No statement ${sid}`);
  const PolicyDocument = JSON.stringify({ ...document, Statement: rest });
  await member.iam.send(new PutRolePolicyCommand({ ...whole, PolicyDocument }));
  return () => member.iam.send(new PutRolePolicyCommand(whole));
}

/** Deletes a member role. */
export async function withoutMemberRole(member: MemberClient, purpose: Purpose): Promise<Repair> {
  const { iam } = member;
  const policy = await inlinePolicy(member, `oidc-factory-${purpose}`);
  const { RoleName, PolicyName } = policy;
  const { trust } = await member.role(RoleName);
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  await iam.send(new DeleteRoleCommand({ RoleName }));
  return async () => {
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    await iam.send(new PutRolePolicyCommand(policy));
  };
}

export async function withoutProvider({ iam, providerArn }: MemberClient): Promise<Repair> {
  const OpenIDConnectProviderArn = providerArn;
  const { Url = '', ClientIDList } = await iam.send(
    new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }),
  );
  await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
  return () => iam.send(new CreateOpenIDConnectProviderCommand({ Url: `https://${Url}`, ClientIDList }));
}

/** Fills the provider's list up to its 100. */
export async function withFullProvider({ iam, providerArn, audiences }: MemberClient): Promise<Repair> {
  const OpenIDConnectProviderArn = providerArn;
  const free = 100 - (await audiences()).length;
  const others = Array.from({ length: free }, (_, index) => `somebody-else-${index}`);
  for (const ClientID of others) {
    await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID }));
  }
  return () =>
    iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: others[0] }),
    );
}
