/** Roles in the local cloud, made and deleted as a developer would. */
import { setTimeout as delay } from 'node:timers/promises';
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import { type Clients, type MemberClient, until } from '../sandbox/clients.ts';

/** Asks for the audience `placeholder` to be filled in. */
export async function createRole(
  { iam, providerArn }: MemberClient,
  roleName: string,
  placeholder: string,
): Promise<void> {
  const document = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: providerArn },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { [`${providerArn.split('oidc-provider/')[1]}:aud`]: placeholder } },
      },
    ],
  };
  await iam.send(
    new CreateRoleCommand({ RoleName: roleName, AssumeRolePolicyDocument: JSON.stringify(document) }),
  );
}

export async function deleteRole({ iam }: MemberClient, roleName: string): Promise<void> {
  await iam.send(new DeleteRoleCommand({ RoleName: roleName }));
}

/** IAM and CloudTrail count in whole seconds: a role that is deleted in the second of its creation is another case. */
export const pastItsFirstSecond = (): Promise<void> => delay(1100);

/** The execution of a workflow for a role, once it has succeeded. Rejects where it ends otherwise. */
export async function succeeded(
  clients: Clients,
  workflow: 'create-role' | 'delete-role',
  roleName: string,
): Promise<DescribeExecutionOutput> {
  const execution = await until(`the end of ${workflow} for ${roleName}`, async () => {
    const [newest] = await clients.executions(workflow, roleName);
    return newest && newest.status !== 'RUNNING' ? newest : undefined;
  });
  if (execution.status !== 'SUCCEEDED') {
    throw new Error(`${workflow} of ${roleName}: ${execution.status} ${execution.error ?? ''}`);
  }
  return execution;
}
