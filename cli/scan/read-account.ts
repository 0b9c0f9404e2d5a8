import { type IAMClient, paginateGetAccountAuthorizationDetails } from '@aws-sdk/client-iam';
import type { Estate, ScannedProvider, ScannedRole } from '../../core/scan.ts';
import { type AwsOptions, calling } from '../aws.ts';
import { CommandFailure } from '../failure.ts';
import { getProvider, iamClient, providerArns } from '../iam.ts';
import type { Io } from '../io.ts';
import { rolesOf } from './account-details.ts';

/** The caller's account, by reading calls alone. Where the providers may not be read, they are not known. */
export async function readAccount(io: Io, options: AwsOptions): Promise<Estate> {
  const iam = iamClient(io, options);
  const roles = await readRoles(iam, io);
  try {
    return { roles, providers: await readProviders(iam) };
  } catch (error) {
    if (!(error instanceof CommandFailure) || error.code !== 'AwsAccessDenied') throw error;
    io.tell(`${error.message}. What depends on the providers is not known.`);
    return { roles, providers: undefined };
  }
}

async function readRoles(iam: IAMClient, io: Io): Promise<ScannedRole[]> {
  const RoleDetailList: unknown[] = [];
  const Policies: unknown[] = [];
  await calling('iam:GetAccountAuthorizationDetails', async () => {
    // Policies of the account come along for their documents: one of them may be an administrator's.
    const input = { Filter: ['Role' as const, 'LocalManagedPolicy' as const] };
    for await (const page of paginateGetAccountAuthorizationDetails({ client: iam, pageSize: 1000 }, input)) {
      RoleDetailList.push(...(page.RoleDetailList ?? []));
      Policies.push(...(page.Policies ?? []));
      io.tell(`${RoleDetailList.length} roles read`);
    }
  });
  return rolesOf({ RoleDetailList, Policies });
}

async function readProviders(iam: IAMClient): Promise<ScannedProvider[]> {
  const providers: ScannedProvider[] = [];
  for (const arn of await providerArns(iam)) {
    // One that was deleted meanwhile is not there.
    const provider = await getProvider(iam, arn);
    if (provider) providers.push(provider);
  }
  return providers;
}
