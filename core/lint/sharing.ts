/** WR05–WR08: who shares the role. */
import { fieldsOf } from '../ci/grammar.ts';
import type { Issuer } from '../ci/issuer.ts';
import { providerPathOf } from '../ci/issuers.ts';
import { claimsOf } from '../ci/tokens.ts';
import { decide, surroundingsFor } from './admission.ts';
import { type Attack, attacks, demandsOn } from './attacks.ts';
import type { Draft } from './draft.ts';
import { askedOf, openings } from './open.ts';
import type { Provider, Trust, TrustStatement } from './trust.ts';

/** WR05 */
export function manyProjectsDrafts(trust: Trust): readonly Draft[] {
  const projects = new Set(
    openings(trust).flatMap(([statement, provider]) =>
      meant(trust, statement, provider).flatMap((attack) => projectOf(provider.issuer, attack) ?? []),
    ),
  );
  if (projects.size < 2) return [];
  const names = [...projects].slice(0, 3).join(', ');
  return [
    {
      rule: 'WR05',
      severity: 'medium',
      message: `${projects.size} projects share the role: ${names}${projects.size > 3 ? ', …' : ''}.`,
      statements: [],
    },
  ];
}

/** For each demand on sub, a token that satisfies the statement. */
const meant = (trust: Trust, statement: TrustStatement, provider: Provider): readonly Attack[] => {
  const asked = askedOf(trust, statement, provider);
  return demandsOn(asked, 'sub').flatMap((demand) => {
    const [first] = attacks(asked, demand, 'meant');
    return first === undefined ? [] : [first];
  });
};

/** The project that a policy names; undefined where it names none. */
function projectOf(issuer: Issuer, { pinned, values }: Attack): string | undefined {
  const parts = Object.values(issuer.forms)
    .flatMap(({ template }) => fieldsOf(template))
    .filter(({ kind }) => kind === 'name');
  // In a cluster one workload often has several service accounts, but one namespace.
  const reach = issuer.id === 'kubernetes' ? 'tenant' : 'project';
  if (!parts.some((part) => part.reach === reach && pinned.has(part.name))) return undefined;
  const named = parts.filter(
    (part) => (part.reach === 'tenant' || part.reach === reach) && pinned.has(part.name),
  );
  return [...new Set(named.map(({ name }) => values[name]))].join('/');
}

/** WR06: of one workspace, plan and apply get in. */
export function planAndApplyDrafts(trust: Trust): readonly Draft[] {
  return openings(trust)
    .filter(([, { issuer }]) => issuer.id === 'hcp-terraform')
    .flatMap(([statement, provider]): Draft[] => {
      const both = meant(trust, statement, provider).find((attack) =>
        ['plan', 'apply'].every((phase) => entersIn(trust, statement, provider, attack, phase)),
      );
      if (both === undefined) return [];
      const { issuer } = provider;
      const claims = inPhase(issuer, both, 'plan');
      return [
        {
          rule: 'WR06',
          severity: 'high',
          message: 'Plan and apply of the same workspace get in.',
          provider,
          statements: [statement.index],
          proof: { provider, statement, claims, goal: 'meant', who: issuer.people.phase ?? 'a plan' },
        },
      ];
    })
    .slice(0, 1);
}

function entersIn(
  trust: Trust,
  statement: TrustStatement,
  provider: Provider,
  attack: Attack,
  phase: string,
): boolean {
  const surroundings = surroundingsFor(askedOf(trust, statement, provider), 'meant');
  return decide(trust.policy, provider, inPhase(provider.issuer, attack, phase), surroundings).allowed;
}

/** The same token in another phase. */
function inPhase(issuer: Issuer, { form, values, claims }: Attack, phase: string) {
  const { aud } = claims;
  return claimsOf(
    issuer,
    form,
    { ...values, phase, operation: phase },
    typeof aud === 'string' ? aud : undefined,
  );
}

/** WR07 */
export function mixedDrafts(trust: Trust): readonly Draft[] {
  const allowing = trust.statements.filter(({ statement }) => statement.effect === 'Allow');
  const issuers = [...new Set(openings(trust).map(([, { issuer }]) => issuer.name))];
  const kinds = allowing.flatMap(({ statement: { principal }, providers, everybody }) => [
    ...((principal?.aws.length ?? 0) > 0 || (everybody && providers.length === 0) ? ['AWS principals'] : []),
    ...(principal && principal.service.length > 0 ? ['services'] : []),
    ...(principal && principal.federated.length > providers.length ? ['people who sign in with SAML'] : []),
  ]);
  if (issuers.length === 0 || kinds.length === 0) return [];
  return [
    {
      rule: 'WR07',
      severity: 'medium',
      message: `Workloads of ${issuers.join(', ')} share the role with ${[...new Set(kinds)].join(' and ')}.`,
      statements: allowing.map(({ index }) => index),
    },
  ];
}

/** WR08 */
export function foreignIssuerDrafts(trust: Trust, allowed: readonly string[] | undefined): readonly Draft[] {
  if (allowed === undefined) return [];
  const paths = new Set(allowed.map(withoutSlash));
  const foreign = new Map(
    openings(trust).map(([statement, provider]) => [provider.issuer.path, { statement, provider }] as const),
  );
  return [...foreign]
    .filter(([path]) => !paths.has(withoutSlash(path)))
    .map(([path, { statement, provider }]) => ({
      rule: 'WR08',
      severity: 'high',
      message: `${path} is not among the issuers that are allowed.`,
      provider,
      statements: [statement.index],
    }));
}

const withoutSlash = (provider: string): string => providerPathOf(provider).replace(/\/+$/, '').toLowerCase();
