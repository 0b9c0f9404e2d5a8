/** What commands read in IAM. */
import {
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
} from '@aws-sdk/client-iam';
import { type ProviderArn, providerArn, type RoleArn, type RoleName, roleNameIn } from '../core/ids.ts';
import { PARTITIONS, type Partition, partitionOfRegion } from '../core/issuer.ts';
import { providerView, roleView } from '../lambdas/adapters/iam-views.ts';
import type { ProviderView, RoleView } from '../lambdas/ports.ts';
import { type AwsOptions, calling, clientConfig, lookingUp } from './aws.ts';
import { CommandFailure } from './failure.ts';
import type { Io } from './io.ts';

/** The region that options, environment or profile name; where it is none of the partition's, the one that keeps IAM. */
export async function regionOf(io: Io, options: AwsOptions, partition?: string): Promise<string> {
  const { iamEventRegion } = PARTITIONS[partition as Partition] ?? PARTITIONS.aws;
  const region = await new IAMClient(clientConfig(io, options)).config.region().catch(() => iamEventRegion);
  return partition === undefined || partitionOfRegion(region) === partition ? region : iamEventRegion;
}

/** IAM answers for a whole partition in any of its regions: who has configured none need not. */
export const iamClient = (io: Io, options: AwsOptions, partition?: string): IAMClient =>
  new IAMClient({ ...clientConfig(io, options), region: () => regionOf(io, options, partition) });

/** Undefined where the caller's account has no role of this name. */
export async function getRole(iam: IAMClient, name: RoleName): Promise<RoleView | undefined> {
  const call = `iam:GetRole role/${name}` as const;
  const found = await lookingUp(call, () => iam.send(new GetRoleCommand({ RoleName: name })));
  return found && roleView(found.Role, call);
}

/** The role of an ARN. Fails with RoleNotFound, and with WrongAccount where the name is found in another one. */
export async function roleOf(io: Io, options: AwsOptions, arn: RoleArn): Promise<RoleView> {
  const [, partition, , , account] = arn.split(':');
  const name = roleNameIn(arn);
  const role = await getRole(iamClient(io, options, partition), name);
  const remedy = `Use credentials of account ${account}: --profile.`;
  if (role === undefined) {
    throw new CommandFailure('refused', 'RoleNotFound', `There is no role ${name} in the caller's account`, {
      remedy: `Copy the ARN from the role. ${remedy}`,
    });
  }
  // GetRole knows names only, and a name may be taken in every account.
  const found = role.roleArn.split(':')[4];
  if (found === account) return role;
  throw new CommandFailure('refused', 'WrongAccount', `The credentials are of account ${found}`, { remedy });
}

export async function providerArns(iam: IAMClient): Promise<ProviderArn[]> {
  const { OpenIDConnectProviderList = [] } = await calling('iam:ListOpenIDConnectProviders', () =>
    iam.send(new ListOpenIDConnectProvidersCommand({})),
  );
  return OpenIDConnectProviderList.map(({ Arn }) => providerArn(Arn));
}

export async function getProvider(iam: IAMClient, arn: ProviderArn): Promise<ProviderView | undefined> {
  const found = await lookingUp(`iam:GetOpenIDConnectProvider ${arn}`, () =>
    iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })),
  );
  return found && providerView(arn, found);
}
