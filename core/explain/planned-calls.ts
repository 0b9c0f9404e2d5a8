/**
 * The calls that a run makes outside the factory's account when all goes well, by the function that makes them. Each
 * stands once, in the order of first use; lag and lost answers repeat some of them.
 */
import { providerPathOf } from '../ci/issuers.ts';
import type { AccountId, RoleName } from '../ids.ts';
import type { Step } from '../ledger-entry.ts';
import { displayName, MEMBER_ROLE_USERS, type MemberRolePurpose, memberRoleName } from '../naming.ts';
import type { FactorySettings } from '../settings.ts';

export interface PlannedCall {
  /** Name of the member role, or the factory's application. */
  readonly as: string;
  /** `iam:GetRole`, or method and path of Microsoft Graph. */
  readonly call: string;
  readonly on: string;
}

type Target = 'role' | 'provider' | 'application';
type Call = readonly [call: string, on: Target];

const LOOK: readonly Call[] = [
  ['iam:GetRole', 'role'],
  ['iam:GetOpenIDConnectProvider', 'provider'],
];
const CALLS: Readonly<Record<Step, readonly Call[]>> = {
  'inspect-role': [...LOOK, ['iam:TagRole', 'role']],
  'register-application': [
    ['POST /applications', 'application'],
    ['PATCH /applications/{id}', 'application'],
    ['POST /servicePrincipals', 'application'],
  ],
  'add-audience': [['iam:AddClientIDToOpenIDConnectProvider', 'provider']],
  'verify-application': [
    ['GET /applications/{id}', 'application'],
    ['GET /applications/{id}/federatedIdentityCredentials', 'application'],
    ['GET /servicePrincipals(appId)', 'application'],
  ],
  'assign-audience': [
    ['iam:GetOpenIDConnectProvider', 'provider'],
    ['iam:GetRole', 'role'],
    ['iam:UpdateAssumeRolePolicy', 'role'],
    ['iam:TagRole', 'role'],
  ],
  'confirm-role-gone': [['iam:GetRole', 'role']],
  'remove-audience': [['iam:RemoveClientIDFromOpenIDConnectProvider', 'provider']],
  'delete-application': [
    ['GET /applications/{id}', 'application'],
    ['DELETE /servicePrincipals/{id}', 'application'],
    ['DELETE /applications/{id}', 'application'],
  ],
};

const PURGE: readonly Call[] = [['DELETE /directory/deletedItems/{id}', 'application']];

export interface PlannedRun {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  /** Undefined: not known before the run. */
  readonly providerArn?: string | undefined;
}

/** The calls of one step of a run. */
export function plannedCalls(
  step: Step,
  run: PlannedRun,
  settings: Pick<FactorySettings, 'memberRolePrefix' | 'deletion'>,
): readonly PlannedCall[] {
  const calls =
    step === 'delete-application' && settings.deletion === 'purge' ? [...CALLS[step], ...PURGE] : CALLS[step];
  return planned(step, calls, run, settings);
}

/** Those of an inspection that leaves the role alone. */
export const plannedLook = (
  run: PlannedRun,
  settings: Pick<FactorySettings, 'memberRolePrefix'>,
): readonly PlannedCall[] => planned('inspect-role', LOOK, run, settings);

function planned(
  step: Step,
  calls: readonly Call[],
  run: PlannedRun,
  { memberRolePrefix }: Pick<FactorySettings, 'memberRolePrefix'>,
): readonly PlannedCall[] {
  const on: Readonly<Record<Target, string>> = {
    role: run.roleName,
    provider: run.providerArn === undefined ? "the tenant's provider" : providerPathOf(run.providerArn),
    application: displayName(run),
  };
  const users = Object.entries(MEMBER_ROLE_USERS) as [MemberRolePurpose, readonly string[]][];
  const purpose = users.find(([, functions]) => functions.includes(step))?.[0];
  const as = purpose === undefined ? "the factory's application" : memberRoleName(memberRolePrefix, purpose);
  return calls.map(([call, target]) => ({ as, call, on: on[target] }));
}
