/** A look at an account's roles and providers: what of them concerns a tenant, and what the factory would do. */
import { isAdministrator, type RolePolicy } from './administrator.ts';
import { MAX_CLIENT_IDS } from './consent.ts';
import { ERRORS, FactoryError, isFactoryError } from './errors.ts';
import type { AccountId, ProviderArn, RoleArn, TenantId } from './ids.ts';
import { decideInspection, type InspectedRole } from './inspection.ts';
import { type EntraProvider, entraProvider, type Issuer, type Partition, providerArnOf } from './issuer.ts';
import { type RoleStatus, roleStatus } from './role-status.ts';
import type { InspectionSettings } from './settings.ts';
import { readTrustPolicy } from './trust-policy/document.ts';
import { allowsWebIdentity, federatedPrincipals } from './trust-policy/statements.ts';
import { type WhoEnters, whoEnters } from './trust-policy/who-enters.ts';

export interface ScannedRole extends InspectedRole {
  readonly roleArn: RoleArn;
  readonly accountId: AccountId;
  readonly policies: readonly RolePolicy[];
  /** Null: there is none. */
  readonly boundary?: RolePolicy | null;
}

export interface ScannedProvider {
  readonly providerArn: ProviderArn;
  readonly clientIds: readonly string[];
}

export interface RoleFinding {
  readonly roleArn: RoleArn;
  /** `fails`: it would be taken on, and that would end with the error code in `reason`. */
  readonly decision: 'served' | 'ignored' | 'fails';
  /** Why, as a code. */
  readonly reason: string;
  readonly detail: string;
  /** Who of the tenant gets in as the trust policy is now. `unknown`: the policy cannot be evaluated. */
  readonly subject: WhoEnters['subject'] | 'unknown';
  readonly subjects: readonly string[];
  /** Names of the policies that make its sessions administrators. */
  readonly administrator: readonly string[];
  /** What a factory that is deployed already says on the role. */
  readonly status: RoleStatus['status'];
}

export interface ProviderFinding {
  readonly providerArn: ProviderArn;
  readonly tokenVersion: Issuer['tokenVersion'];
  readonly spelling: EntraProvider['spelling'];
  readonly audiences: number;
  /** Audiences that it still takes. */
  readonly free: number;
  /** Whether a placeholder is on its list, so that the console offers it. */
  readonly placeholder: boolean;
}

export interface Estate {
  readonly roles: readonly ScannedRole[];
  /** Undefined where they are not known: then a bare word counts as placeholder, and every provider has room. */
  readonly providers: readonly ScannedProvider[] | undefined;
}

/** Every tenant that a role trusts or a provider belongs to. */
export function tenantsOf({ roles, providers = [] }: Estate): readonly Pick<Issuer, 'tenantId' | 'cloud'>[] {
  const arns = [
    ...providers.map(({ providerArn }) => providerArn),
    ...roles.flatMap(({ trustPolicy }) => trustedProviders(trustPolicy) ?? []),
  ];
  const issuers = arns.flatMap((arn) => entraProvider(arn)?.issuer ?? []);
  return [...new Map(issuers.map(({ tenantId, cloud }) => [tenantId, { tenantId, cloud }])).values()];
}

/** The roles that let the settings' tenant in, and its providers. */
export function scan(
  estate: Estate,
  settings: InspectionSettings,
): { readonly roles: readonly RoleFinding[]; readonly providers: readonly ProviderFinding[] } {
  return {
    roles: estate.roles.flatMap((role) => scanRole(role, estate.providers, settings) ?? []),
    providers: (estate.providers ?? []).flatMap((provider) => scanProvider(provider, settings) ?? []),
  };
}

function scanRole(
  role: ScannedRole,
  providers: Estate['providers'],
  settings: InspectionSettings,
): RoleFinding | undefined {
  const { tenantId } = settings.issuer;
  const trusted = trustedProviders(role.trustPolicy);
  const named = (trusted ?? []).filter((arn) => isOfTenant(arn, tenantId));
  const entrance = entranceOf(role, named, settings.issuer);
  const isConcerned =
    named.length > 0 ||
    ['open', 'pinned'].includes(entrance.subject) ||
    (trusted === undefined && role.trustPolicy.includes(tenantId));
  if (!isConcerned) return undefined;
  return {
    roleArn: role.roleArn,
    ...decisionOn(role, named, providers, settings),
    ...entrance,
    administrator: role.policies.filter(isAdministrator).map(({ name }) => name),
    status: roleStatus(role).status,
  };
}

/** What inspect-role would decide, on a role that the ledger does not know. */
function decisionOn(
  role: ScannedRole,
  named: readonly string[],
  providers: Estate['providers'],
  settings: InspectionSettings,
): Pick<RoleFinding, 'decision' | 'reason' | 'detail'> {
  const inAccount = (providerArn: string) =>
    providers === undefined
      ? { providerArn: providerArn as ProviderArn, clientIds: [] }
      : providers.find((provider) => provider.providerArn === providerArn);
  const answer = decideInspection({
    run: { accountId: role.accountId, roleId: role.roleId, eventTime: role.createdAt },
    role,
    provider: named
      .filter((arn) => entraProvider(arn)?.issuer.url === settings.issuer.url)
      .map(inAccount)
      .find((provider) => provider !== undefined),
    entry: undefined,
    settings,
    now: Date.parse(role.createdAt),
    settleSeconds: 0,
  });
  if (answer.kind === 'skip') return { decision: 'ignored', reason: answer.reason, detail: answer.detail };
  if (answer.kind !== 'proceed') {
    throw new FactoryError('Unexpected', `Inspection says ${answer.kind} of ${role.roleArn}`);
  }
  return answer.failWith === undefined
    ? { decision: 'served', reason: answer.reason, detail: 'its audience is a placeholder' }
    : { decision: 'fails', reason: answer.failWith, detail: ERRORS[answer.failWith].remedy };
}

/** Worst first. */
const SUBJECTS: readonly RoleFinding['subject'][] = ['open', 'unknown', 'pinned', 'closed'];

/** By every provider of the tenant that the policy names; where it names none, maybe it lets everybody in. */
function entranceOf(
  { trustPolicy, accountId, roleArn }: ScannedRole,
  named: readonly string[],
  issuer: Issuer,
): Pick<RoleFinding, 'subject' | 'subjects'> {
  const partition = roleArn.split(':')[1] as Partition;
  const arns = named.length > 0 ? named : [providerArnOf(partition, accountId, issuer.url)];
  const entrances = arns.flatMap((arn): Pick<RoleFinding, 'subject' | 'subjects'>[] => {
    const provider = entraProvider(arn);
    // STS looks for the provider in the role's account only.
    if (provider?.accountId !== accountId) return [];
    try {
      return [whoEnters(trustPolicy, arn, provider.issuer.tokenVersion)];
    } catch (error) {
      if (isFactoryError(error, 'PolicyNotUnderstood')) return [{ subject: 'unknown', subjects: [] }];
      throw error;
    }
  });
  return {
    subject: SUBJECTS.find((subject) => entrances.some((found) => found.subject === subject)) ?? 'closed',
    subjects: [...new Set(entrances.flatMap(({ subjects }) => subjects))],
  };
}

function scanProvider(
  { providerArn, clientIds }: ScannedProvider,
  { issuer, placeholders }: InspectionSettings,
): ProviderFinding | undefined {
  const provider = entraProvider(providerArn);
  if (provider?.issuer.tenantId !== issuer.tenantId) return undefined;
  return {
    providerArn,
    tokenVersion: provider.issuer.tokenVersion,
    spelling: provider.spelling,
    audiences: clientIds.length,
    free: Math.max(0, MAX_CLIENT_IDS - clientIds.length),
    placeholder: placeholders.some((placeholder) => clientIds.includes(placeholder)),
  };
}

const isOfTenant = (arn: string, tenantId: TenantId): boolean =>
  entraProvider(arn)?.issuer.tenantId === tenantId;

/** The federated principals that a policy allows web identity; undefined where it cannot be read. */
function trustedProviders(trustPolicy: string): readonly string[] | undefined {
  try {
    const { statements } = readTrustPolicy(trustPolicy);
    return [...new Set(statements.filter(allowsWebIdentity).flatMap(federatedPrincipals))];
  } catch (error) {
    if (isFactoryError(error, 'TrustPolicyUnreadable')) return undefined;
    throw error;
  }
}
