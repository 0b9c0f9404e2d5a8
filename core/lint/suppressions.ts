/** Findings that somebody has accepted, with a reason and for a time. */
import { matchesGlob, wildcards } from '../policy/match.ts';
import type { Acceptance } from './finding.ts';
import { isRuleId, type RuleId } from './rules.ts';

export interface Suppression extends Acceptance {
  readonly rule: RuleId;
  /** Pattern for the name of what is judged, `*` for any run of characters; absent: all. */
  readonly role?: string;
}

/** The tag that accepts a finding: `<rule> <last day> <reason>`. Further ones with a suffix: `…:2`, `…:3`. */
export const ACCEPT_TAG = 'oidc-factory:lint-accept';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const isDay = (text: string): boolean =>
  DAY.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);

/** The suppressions that a role's tags say; a text for each that says none. */
export function suppressionsIn(tags: Readonly<Record<string, string>>): {
  readonly accepted: readonly Suppression[];
  readonly invalid: readonly string[];
} {
  const read = Object.entries(tags)
    .filter(([key]) => key.toLowerCase() === ACCEPT_TAG || key.toLowerCase().startsWith(`${ACCEPT_TAG}:`))
    .map(([key, value]) => {
      const [rule = '', until = '', ...words] = value.trim().split(/\s+/);
      const reason = words.join(' ');
      if (isRuleId(rule) && isDay(until) && reason !== '') return { rule, until, reason };
      return `the tag ${key} is not understood: expected a rule, a day (YYYY-MM-DD) and a reason`;
    });
  return {
    accepted: read.filter((one) => typeof one !== 'string'),
    invalid: read.filter((one) => typeof one === 'string'),
  };
}

/** A list of suppressions as JSON has them; a text where it is none. */
export function readSuppressions(value: unknown): readonly Suppression[] | string {
  if (!Array.isArray(value)) return 'expected a list';
  for (const [index, entry] of value.entries()) {
    const { rule, reason, until, role } = (entry ?? {}) as Record<string, unknown>;
    const at = `entry ${index}`;
    if (typeof rule !== 'string' || !isRuleId(rule)) return `${at}: rule: expected one of the rules`;
    if (typeof reason !== 'string' || reason.trim() === '') return `${at}: reason: expected a text`;
    if (typeof until !== 'string' || !isDay(until)) return `${at}: until: expected a day, YYYY-MM-DD`;
    if (role !== undefined && typeof role !== 'string') return `${at}: role: expected a pattern`;
  }
  return value as readonly Suppression[];
}

export interface Verdict {
  readonly accepted?: Acceptance;
  readonly note?: string;
}

/** Whether a finding on `name` is accepted on that day. Of several suppressions the one that lasts longest counts. */
export function verdictFor(
  suppressions: readonly Suppression[],
  finding: { readonly rule: RuleId; readonly name: string },
  today: string,
): Verdict {
  const [longest] = suppressions
    .filter(({ rule, role }) => rule === finding.rule && matchesGlob(wildcards(role ?? '*'), finding.name))
    .toSorted((a, b) => b.until.localeCompare(a.until));
  if (longest === undefined) return {};
  const { reason, until } = longest;
  return today <= until
    ? { accepted: { reason, until } }
    : { note: `was accepted until ${until}: ${reason}` };
}
