/** With whose eyes the checks see: credentials for each account, a login for the tenant. */
import { type AccountId, accountId, type RoleArn } from '../../core/ids.ts';
import type { LoginName } from '../../credentials/login.ts';
import type { AwsOptions } from '../aws.ts';
import { graphLogin, isLoginConfigured } from '../entra.ts';
import { type Caller, callerOf } from '../factory.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { refusing, remembering } from './check.ts';
import type { Estate } from './estate.ts';
import { factoryReads } from './factory-reads.ts';
import { memberReads } from './member-reads.ts';
import type { FactoryReads, MemberReads, TenantReads } from './reads.ts';
import { tenantReads } from './tenant-reads.ts';

export interface AccessOptions {
  /** Of the member account. */
  readonly profile?: string;
  /** Of the factory account; without it the profile of the member account is tried. */
  readonly factoryProfile?: string;
  readonly credential?: LoginName;
}

export interface Access {
  readonly memberAccountId: AccountId;
  readonly member: MemberReads;
  readonly factory: FactoryReads;
  readonly tenant: TenantReads;
}

/**
 * Where there is no access, every read of that part fails, and says why. `roleArn`: of a role in question, whose account
 * is then the member account. Fails with InsecureEndpoint alone.
 */
export async function accessOf(
  io: Io,
  options: AccessOptions,
  estate: Estate,
  roleArn?: RoleArn,
): Promise<Access> {
  const { config, partition, factoryAccountId } = estate;
  const ofMember: AwsOptions = { ...(options.profile && { profile: options.profile }) };
  const ofFactory: AwsOptions = options.factoryProfile ? { profile: options.factoryProfile } : ofMember;
  const [member, factory] = await Promise.all([seenBy(io, ofMember, estate), seenBy(io, ofFactory, estate)]);
  const [, , , , named = ''] = roleArn?.split(':') ?? [];
  const own = 'accountId' in member && member.accountId !== factoryAccountId ? member.accountId : undefined;
  const memberAccountId = accountId(named || own || factoryAccountId);
  const remedy = 'Use credentials of the account that is to be checked';
  return {
    memberAccountId,
    member: within(member, named || own, `${remedy}: --profile.`, () => memberReads(io, ofMember, partition)),
    factory: within(factory, factoryAccountId, `${remedy}: --factory-profile.`, () =>
      factoryReads(io, ofFactory, config),
    ),
    tenant: tenantAccess(io, options.credential, estate),
  };
}

const seenBy = async (io: Io, options: AwsOptions, { config }: Estate): Promise<Caller | CommandFailure> => {
  try {
    return await callerOf(io, { ...options, region: config.factory.region });
  } catch (error) {
    if (error instanceof CommandFailure) return error;
    throw error;
  }
};

/** `account`: that the credentials must be of; undefined: of any other than they are. */
function within<Reads extends object>(
  caller: Caller | CommandFailure,
  account: string | undefined,
  remedy: string,
  reads: () => Reads,
): Reads {
  if (caller instanceof CommandFailure) return refusing(caller);
  if (caller.accountId === account) return remembering(reads());
  const message = `The credentials are of account ${caller.accountId}`;
  return refusing(new CommandFailure('refused', 'WrongAccount', message, { remedy }));
}

function tenantAccess(io: Io, wanted: LoginName | undefined, { settings }: Estate): TenantReads {
  if (wanted === undefined && !isLoginConfigured(io)) {
    return refusing(
      new CommandFailure('refused', 'NoEntraLogin', 'There is no login to Entra', {
        remedy:
          'Say --credential developer after az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.',
      }),
    );
  }
  const login = graphLogin(io, wanted, settings.issuer.cloud);
  return remembering(tenantReads({ ...login, ownerId: settings.factoryServicePrincipalId }));
}
