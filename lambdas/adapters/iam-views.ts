/** IAM's answers as the ports know them. */
import type { Role } from '@aws-sdk/client-iam';
import { FactoryError } from '../../core/errors.ts';
import { type ProviderArn, roleArn, roleId, roleName } from '../../core/ids.ts';
import type { ProviderView, RoleView } from '../ports.ts';

/** A role of GetRole's answer. Fails with Unexpected, naming `call`, where it is incomplete. */
export function roleView(role: Role | undefined, call: string): RoleView {
  if (!role?.AssumeRolePolicyDocument || !role.CreateDate || !role.Path) {
    throw new FactoryError('Unexpected', `${call}: the answer is incomplete`);
  }
  return {
    roleName: roleName(role.RoleName),
    roleId: roleId(role.RoleId),
    roleArn: roleArn(role.Arn),
    path: role.Path,
    createdAt: role.CreateDate.toISOString(),
    trustPolicy: decoded(role.AssumeRolePolicyDocument, call),
    tags: Object.fromEntries((role.Tags ?? []).map(({ Key, Value }) => [Key, Value ?? ''])),
  };
}

/** IAM percent-encodes the document (RFC 3986). */
export function decoded(document: string, call: string): string {
  try {
    return decodeURIComponent(document);
  } catch (cause) {
    throw new FactoryError('TrustPolicyUnreadable', `${call}: the trust policy is not percent-encoded`, {
      cause,
    });
  }
}

/** A provider of GetOpenIDConnectProvider's answer. Fails with Unexpected where it is incomplete. */
export function providerView(
  providerArn: ProviderArn,
  answer: { readonly Url?: string | undefined; readonly ClientIDList?: string[] | undefined },
): ProviderView {
  if (!answer.Url) {
    throw new FactoryError('Unexpected', `GetOpenIDConnectProvider ${providerArn}: the answer holds no URL`);
  }
  return { providerArn, url: answer.Url, clientIds: answer.ClientIDList ?? [] };
}
