/** Whether the factory may have written what it wrote, to the role as it was then. */
import type { Incarnation, Verdict, Violation } from './estate.ts';
import { admissionOf, rewritten, SERVED, sameTrust, type Trust } from './trust.ts';

/** Audiences of applications: what the factory puts into a role. */
export const APPLICATION_AUDIENCE = /^api:\/\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The policy of `role` was just written by the factory. It must be the developer's, rewritten; or one that the
 * developer has replaced after `since`, for a write may rest on what was read shortly before.
 */
export function judgeTrustWrite(role: Incarnation, since: number): Verdict {
  const { trust, providerArn, written } = role;
  const violation = (rule: number, expected: string): Verdict => ({
    violation: { rule, expected, found: `the factory wrote ${JSON.stringify(trust)}` },
  });
  if (!SERVED.includes(role.shape)) return violation(2, 'a role that never consented keeps its trust policy');
  if (role.ignored?.now && role.ignored.since < since)
    return violation(2, 'an ignored role keeps its trust policy');
  const admitted = admissionOf(trust, providerArn);
  if (!admitted || !APPLICATION_AUDIENCE.test(admitted.audience) || admitted.subject === undefined) {
    return violation(3, 'the audience of an application, and a pinned subject');
  }
  const own = { audience: admitted.audience, subject: admitted.subject };
  const isOf = (base: Trust): boolean => {
    const expected = rewritten(base, providerArn, own);
    return expected !== undefined && sameTrust(expected, trust);
  };
  const latest = written.at(-1);
  const base = [latest, ...recent(written, since)].find((one) => one && isOf(one.trust));
  if (!base)
    return violation(5, `nothing but audience and subject changes in ${JSON.stringify(latest?.trust)}`);
  const pinned = admissionOf(base.trust, providerArn)?.subject;
  role.admitted.set(own.audience, pinned === undefined ? own.subject : undefined);
  return base === latest ? {} : { tolerated: 'editsLost' };
}

/** What the developer had written before, as far as it was replaced after `since`. */
const recent = (written: Incarnation['written'], since: number): Incarnation['written'] =>
  written.filter((_, index) => (written[index + 1]?.at ?? 0) > since);

const STATUS = 'oidc-factory:status';
const MARK = 'oidc-factory:role-id';
const OUTCOME = new Set([
  STATUS,
  MARK,
  'oidc-factory:detail',
  'oidc-factory:client-id',
  'oidc-factory:audience',
]);

/** `role` was just tagged by the factory. A role that does not consent may only be told that it is ignored. */
export function judgeTags(
  role: Incarnation,
  former: readonly Incarnation[],
  tags: Readonly<Record<string, string>>,
  since: number,
): Verdict {
  const found = `the factory tagged ${JSON.stringify(tags)}`;
  const foreign = Object.keys(tags).filter((key) => !OUTCOME.has(key));
  if (foreign.length > 0)
    return { violation: { rule: 2, expected: 'none but the factory’s own tags', found } };
  // Tags are written to a name: the run that inspected a former incarnation may find its successor there.
  const isStray = former.some(
    ({ roleId, deletedAt }) =>
      tags[MARK] === roleId || (tags[MARK] !== role.roleId && (deletedAt ?? 0) > since),
  );
  if (tags[MARK] !== undefined && tags[MARK] !== role.roleId) {
    return isStray
      ? { tolerated: 'strayTags' }
      : { violation: { rule: 3, expected: `the mark of ${role.roleId}`, found } };
  }
  const consents = SERVED.includes(role.shape) && !(role.ignored?.now && role.ignored.since < since);
  if (consents || tags[STATUS] === 'ignored') return {};
  return isStray
    ? { tolerated: 'strayTags' }
    : { violation: { rule: 2, expected: 'no tag but that the role is ignored', found } };
}

/** An audience was just taken off a provider's list. */
export function judgeAudienceRemoval(
  audience: string,
  roles: readonly Incarnation[],
  foreign: ReadonlySet<string>,
): Pick<Violation, 'rule' | 'expected' | 'found'> | undefined {
  const found = `the factory took ${audience} off the provider`;
  if (foreign.has(audience)) return { rule: 1, expected: 'foreign audiences stay', found };
  const user = roles.find(
    ({ deletedAt, trust, providerArn }) =>
      deletedAt === undefined && admissionOf(trust, providerArn)?.audience === audience,
  );
  // One that merely names another role's audience is that role's concern.
  if (!user || !SERVED.includes(user.shape)) return undefined;
  return { rule: 5, expected: `${user.roleName} ${user.roleId} rests on its audience`, found };
}
