/** The checks of one role. */
import { failedRuns, judgeRuns } from '../../core/doctor/factory.ts';
import {
  judgeApplication,
  judgeAudience,
  judgeEntry,
  judgeResource,
  judgeSubjects,
  judgeTags,
} from '../../core/doctor/role.ts';
import { judgeToken } from '../../core/doctor/token.ts';
import { consents, judgeTrust, type TrustQuestion } from '../../core/doctor/trust.ts';
import { fail, ok, unknown, type Verdict } from '../../core/doctor/verdict.ts';
import { type AccountId, type RoleArn, roleNameIn } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { displayName, type WorkflowName } from '../../core/naming.ts';
import { parsePolicy } from '../../core/policy/document.ts';
import type { GivenToken } from '../../core/trust-check/token-checks.ts';
import { readTrustPolicy } from '../../core/trust-policy/document.ts';
import { whoEnters } from '../../core/trust-policy/who-enters.ts';
import { CommandFailure } from '../failure.ts';
import type { Check } from './check.ts';
import type { Estate } from './estate.ts';
import type { FactoryReads, MemberReads, TenantReads } from './reads.ts';
import { type RoleFacts, roleFacts } from './role-facts.ts';

/** Those that are about a single role. */
const ROLE_WORKFLOWS: readonly WorkflowName[] = ['create-role', 'delete-role'];

export interface Reads {
  readonly member: MemberReads;
  readonly factory: FactoryReads;
  readonly tenant: TenantReads;
}

/** As many as one page of ListExecutions holds: an older run is not found. */
const RUNS = 1000;

/** `token`: of a workload that is to enter. */
export function roleChecks(
  reads: Reads,
  { roleArn: arn, accountId, token }: { roleArn: RoleArn; accountId: AccountId; token?: GivenToken },
  estate: Estate,
): Check[] {
  const { settings } = estate;
  const facts = roleFacts(reads, arn, accountId, estate);
  const { role, entry, question } = facts;
  const name = roleNameIn(arn);
  const application = `Entra, App registrations, ${displayName({ accountId, roleName: name })}`;
  return [
    { id: 'role.exists', title: 'the role', where: arn, judge: () => judgeExists(reads, arn) },
    {
      id: 'role.entry',
      title: 'its ledger entry',
      where: `DynamoDB, ${estate.config.factory.region}, account ${estate.factoryAccountId}: ${accountId}#${name.toLowerCase()}`,
      judge: async () => {
        const found = await entry();
        const asks = found === undefined && consents(await question(undefined));
        return judgeEntry(found, { ...(await role()), consents: asks });
      },
    },
    {
      id: 'role.tags',
      title: 'its tags',
      where: arn,
      judge: async () => judgeTags((await role()).tags, await entry()),
    },
    { id: 'role.trust', title: 'its trust policy', where: arn, judge: () => judgeTrustOf(facts) },
    {
      id: 'role.audience',
      title: 'its audience on the provider',
      where: arn,
      judge: async () => {
        const expected = await facts.application();
        if (expected === undefined) return ok('none');
        const { provider } = await facts.questionByTags();
        return provider === undefined
          ? fail('ProviderMissing', 'the trust policy names none that exists')
          : judgeAudience(expected.audience, provider.clientIds);
      },
    },
    {
      id: 'role.application',
      title: 'its application',
      where: application,
      judge: async () => {
        const found = await entry();
        if (found?.applicationObjectId === undefined || found.appId === undefined) return ok('none');
        const [observed, principal] = await Promise.all([
          reads.tenant.application(found.applicationObjectId),
          reads.tenant.servicePrincipal(found.appId),
        ]);
        return judgeApplication(observed, principal, found, settings);
      },
    },
    {
      id: 'role.tokens',
      title: 'tokens for its audience',
      where: `${application}, Properties`,
      judge: async () => {
        const found = await facts.application();
        if (found === undefined) return ok('none');
        const resource = await reads.tenant.resource(found.appId);
        return resource === undefined
          ? fail('ApplicationMissing', `${found.appId} has no service principal`)
          : judgeResource(resource);
      },
    },
    {
      id: 'role.subjects',
      title: 'who may enter',
      where: `${arn}; Entra, Enterprise applications`,
      judge: () => judgeSubjectsOf(facts, reads.tenant),
    },
    ...(token
      ? [
          {
            id: 'role.token' as const,
            title: 'the token',
            where: arn,
            judge: async () => judgeTokenOf(await facts.questionByTags(), token),
          },
        ]
      : []),
    {
      id: 'role.runs',
      title: 'its last runs',
      where: ROLE_WORKFLOWS.map(estate.stateMachineArn).join(', '),
      judge: async () => judgeRunsOf(await entry(), reads.factory, estate),
    },
  ];
}

async function judgeExists({ member }: Reads, arn: RoleArn): Promise<Verdict> {
  const found = await member.role(roleNameIn(arn));
  if (found === undefined) return fail('RoleMissing', arn);
  return found.roleArn === arn ? ok(found.roleId) : fail('RoleMissing', `its ARN is ${found.roleArn}`);
}

async function judgeTrustOf({ entry, question, questionByTags }: RoleFacts): Promise<Verdict> {
  let found: LedgerEntry | undefined;
  try {
    found = await entry();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const byTags = await questionByTags();
    const verdict = judgeTrust(byTags);
    // Against the tags alone a policy may be wrong, never right.
    if (verdict.status === 'FAIL' && byTags.expected) return verdict;
    return unknown(`${error.message}; the policy itself: ${verdict.detail}`, error.remedy ?? 'Try again.');
  }
  return judgeTrust(await question(found));
}

async function judgeSubjectsOf(
  { application, questionByTags }: RoleFacts,
  tenant: TenantReads,
): Promise<Verdict> {
  const expected = await application();
  const { role, provider, settings } = await questionByTags();
  if (expected === undefined || provider === undefined) return ok('none');
  const { subjects } = whoEnters(role.trustPolicy, provider.providerArn, settings.issuer.tokenVersion);
  const kinds = await Promise.all(subjects.map(async (id) => ({ id, kind: await tenant.kindOf(id) })));
  return judgeSubjects(kinds, expected.servicePrincipalId);
}

async function judgeTokenOf(
  { role, provider, settings }: TrustQuestion,
  token: GivenToken,
): Promise<Verdict> {
  if (provider === undefined) return fail('ProviderMissing', 'the trust policy names none that exists');
  const { providerArn: arn, clientIds } = provider;
  return judgeToken(
    {
      root: readTrustPolicy(role.trustPolicy).root,
      policy: parsePolicy(role.trustPolicy, 'trust policy', 'trust'),
      provider: { arn, clientIds },
      token,
      now: Date.now(),
    },
    settings.placeholders,
  );
}

async function judgeRunsOf(
  entry: LedgerEntry | undefined,
  factory: FactoryReads,
  estate: Estate,
): Promise<Verdict> {
  const lists = await Promise.all(
    ROLE_WORKFLOWS.map((workflow) => factory.runs(estate.stateMachineArn(workflow), RUNS)),
  );
  // Executions are named by the event that caused them.
  const runs = lists.flat().filter(({ name }) => entry?.eventIds.some((eventId) => name.startsWith(eventId)));
  const [failed] = failedRuns(runs);
  if (failed === undefined) return judgeRuns(runs);
  const { error, cause } = await factory.failure(failed.executionArn);
  return fail('RunsFailed', `${failed.name}: ${error} in ${cause}`);
}
