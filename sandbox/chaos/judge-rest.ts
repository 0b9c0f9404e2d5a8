/** What must hold once nothing is under way: of each incarnation, and of everything that belongs to none. */
import type { Census, SeenEntry } from './census.ts';
import { wantsService } from './developers.ts';
import type { Incarnation, Violation } from './estate.ts';
import { APPLICATION_AUDIENCE } from './judge-write.ts';
import { rewritten, SERVED, sameTrust } from './trust.ts';

type Problem = Pick<Violation, 'rule' | 'expected' | 'found'>;

/** Makes `rule`, what was expected and what was found a problem, unless it holds. */
const unless = (holds: boolean, rule: number, expected: string, found: unknown): Problem[] =>
  holds ? [] : [{ rule, expected, found: typeof found === 'string' ? found : JSON.stringify(found) }];

/** What is not as it must be about one incarnation; empty: all is well. */
export function problemsOf(role: Incarnation, census: Census, factoryAppId: string): Problem[] {
  const entry = census.ledger.find(({ roleId }) => roleId === role.roleId);
  const made = census.applications.filter(
    ({ createdByAppId, uniqueName }) =>
      createdByAppId === factoryAppId && uniqueName?.includes(`-${role.accountId}-${role.roleId}-`),
  );
  if (role.deletedAt !== undefined) return remainsOf(role, entry, made, census);
  const seen = census.roles.get(role.roleId);
  const asTold = unless(
    seen !== undefined && sameTrust(seen.trust, role.trust),
    2,
    `IAM shows the policy last written: ${JSON.stringify(role.trust)}`,
    seen?.trust ?? 'no such role',
  );
  if (wantsService(role)) return [...asTold, ...serviceProblems(role, entry, made, census)];
  return [...asTold, ...leftAloneProblems(role, entry, made)];
}

function remainsOf(
  role: Incarnation,
  entry: SeenEntry | undefined,
  made: Census['applications'],
  census: Census,
): Problem[] {
  const own = new Set([...role.admitted.keys(), ...(entry?.audience ? [entry.audience] : [])]);
  const listed = (census.audiences.get(role.accountId) ?? []).filter((audience) => own.has(audience));
  return [
    ...unless(made.length === 0, 6, 'no application of a role that is gone', made),
    ...unless(listed.length === 0, 6, 'no audience of a role that is gone', listed),
    ...unless(
      entry === undefined || entry.phase === 'removed',
      6,
      'no live ledger entry of a role that is gone',
      entry,
    ),
    ...unless(entry?.owner === undefined, 6, 'nobody owns the entry', entry),
  ];
}

function serviceProblems(
  role: Incarnation,
  entry: SeenEntry | undefined,
  made: Census['applications'],
  census: Census,
): Problem[] {
  const [application] = made;
  if (!application || made.length > 1) return unless(false, 5, 'exactly one application', { made, entry });
  const audience = `api://${application.appId}`;
  const principals = census.principals.filter(({ appId }) => appId === application.appId);
  const subject = principals[0]?.id ?? '';
  const latest = role.written.at(-1);
  const expected = latest && rewritten(latest.trust, role.providerArn, { audience, subject });
  return [
    ...unless(principals.length === 1, 5, 'exactly one service principal', principals),
    ...unless(entry?.phase === 'ready' && entry.appId === application.appId, 5, 'an entry that is ready', {
      entry,
      application,
    }),
    ...unless(entry?.owner === undefined, 5, 'nobody owns the entry', entry),
    ...unless(
      census.audiences.get(role.accountId)?.includes(audience) === true,
      5,
      `${audience} on the provider`,
      census.audiences.get(role.accountId),
    ),
    ...unless(
      expected !== undefined && sameTrust(expected, role.trust),
      5,
      `the policy ${JSON.stringify(expected)}`,
      role.trust,
    ),
  ];
}

/** Of a role that never consented nothing was made; of one that was withdrawn, what was made may remain. */
function leftAloneProblems(
  role: Incarnation,
  entry: SeenEntry | undefined,
  made: Census['applications'],
): Problem[] {
  if (SERVED.includes(role.shape)) return unless(made.length <= 1, 5, 'at most one application', made);
  const latest = role.written.at(-1);
  return [
    ...unless(made.length === 0, 2, 'no application for a role that does not consent', made),
    ...unless(isNothingOrUnseen(entry), 2, 'no ledger entry of a role that does not consent', entry),
    ...unless(
      latest !== undefined && sameTrust(latest.trust, role.trust),
      2,
      `the policy as it was written: ${JSON.stringify(latest?.trust)}`,
      role.trust,
    ),
  ];
}

/** Where a run could not even look, it says so in an entry; nothing was made for that. */
const isNothingOrUnseen = (entry: SeenEntry | undefined): boolean =>
  entry === undefined ||
  (/^(failed|unreachable)$/.test(entry.phase) && entry.appId === undefined && entry.audience === undefined);

/** Applications, service principals, audiences and entries that belong to no living incarnation. */
export function orphans(
  roles: readonly Incarnation[],
  census: Census,
  known: { readonly factoryAppId: string; readonly foreignAudiences: ReadonlySet<string> },
): Violation[] {
  const living = new Map(
    roles.filter(({ deletedAt }) => deletedAt === undefined).map((role) => [role.roleId, role]),
  );
  const ids = new Set(roles.map(({ roleId }) => roleId));
  const ofFactory = census.applications.filter(({ createdByAppId }) => createdByAppId === known.factoryAppId);
  const appIds = new Set(ofFactory.map(({ appId }) => appId));
  const everywhere = (problems: Problem[]): Violation[] =>
    problems.map((problem) => ({ accountId: 'the tenant', ...problem }));
  return [
    ...ofFactory.flatMap((application) => {
      const roleId = application.uniqueName?.split('-').at(-2) ?? '';
      return everywhere(unless(ids.has(roleId), 6, 'every application belongs to a role', application));
    }),
    ...census.principals
      .filter(({ createdByAppId }) => createdByAppId === known.factoryAppId)
      .flatMap((principal) =>
        everywhere(
          unless(appIds.has(principal.appId), 6, 'every service principal has its application', principal),
        ),
      ),
    ...[...census.audiences].flatMap(([accountId, audiences]) =>
      audiences
        .filter((audience) => APPLICATION_AUDIENCE.test(audience) && !known.foreignAudiences.has(audience))
        .flatMap((audience) => {
          const application = ofFactory.find(({ appId }) => `api://${appId}` === audience);
          const role = living.get(application?.uniqueName?.split('-').at(-2) ?? '');
          return unless(
            role?.accountId === accountId,
            6,
            'every audience belongs to a role of its account',
            audience,
          ).map((problem) => ({ accountId, ...problem }));
        }),
    ),
    ...census.ledger.flatMap((entry) =>
      unless(ids.has(entry.roleId), 6, 'every entry is of a role', entry).map((problem) => ({
        accountId: entry.accountId,
        roleName: entry.roleName,
        ...problem,
      })),
    ),
  ];
}

/** Whom the factory ever let in: each role's own application, by its own service principal, and nobody else. */
export function strangersAdmitted(roles: readonly Incarnation[], census: Census): Violation[] {
  const applications = [...census.applications, ...census.deleted.applications];
  const principals = [...census.principals, ...census.deleted.principals];
  return roles.flatMap(({ accountId, roleName, roleId, admitted }) =>
    [...admitted].flatMap(([audience, subject]) => {
      const application = applications.find(({ appId }) => `api://${appId}` === audience);
      const principal = principals.find(({ id }) => id === subject);
      const isOwn =
        application?.uniqueName?.includes(`-${accountId}-${roleId}-`) === true &&
        (subject === undefined || principal?.appId === application.appId);
      return unless(isOwn, 3, 'only its own application is let in', { audience, subject, application }).map(
        (problem) => ({ accountId, roleName, roleId, ...problem }),
      );
    }),
  );
}

/** Nothing foreign is missing. */
export function foreignLosses(
  census: Pick<Census, 'applications' | 'audiences'>,
  foreign: { readonly appIds: readonly string[]; readonly audiences: ReadonlySet<string> },
): Violation[] {
  const applications = new Set(census.applications.map(({ appId }) => appId));
  return [
    ...foreign.appIds
      .filter((appId) => !applications.has(appId))
      .map((found) => ({ accountId: 'the tenant', rule: 1, expected: 'foreign applications stay', found })),
    ...[...census.audiences].flatMap(([accountId, audiences]) =>
      [...foreign.audiences]
        .filter((audience) => !audiences.includes(audience))
        .map((found) => ({ accountId, rule: 1, expected: 'foreign audiences stay', found })),
    ),
  ];
}
