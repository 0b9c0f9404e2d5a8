/** Findings for people. */
import type { Finding, Severity } from '../../core/lint/finding.ts';
import { isAtLeast, SEVERITIES } from '../../core/lint/finding.ts';
import type { LintResult } from '../../core/lint/lint.ts';
import { RULES } from '../../core/lint/rules.ts';
import type { Io, Style } from '../io.ts';
import type { Judged } from './read.ts';

const STYLES: Readonly<Record<Severity, Style>> = {
  critical: 'red',
  high: 'red',
  medium: 'yellow',
  low: 'dim',
  info: 'dim',
};

/** Findings from medium on, role by role; lesser ones together, rule by rule. */
export function printFindings(io: Io, judged: readonly Judged[]): void {
  const results = judged.flatMap(({ source, results }) =>
    results.map((result) => named(result, source.file)),
  );
  for (const result of results) printRole(io, result, results.length === 1);
  printLesser(io, results);
  printSummary(io, results);
}

/** With the file, where the name is one of many in it. */
const named = (result: LintResult, file: string | undefined): LintResult =>
  file === undefined || file === '-' || file === result.name || result.name.startsWith('arn:')
    ? result
    : { ...result, name: `${file}: ${result.name}` };

const isShown = ({ severity }: Finding): boolean => isAtLeast(severity, 'medium');

function printRole(io: Io, { name, findings, unresolved, unjudged }: LintResult, isOnly: boolean): void {
  const shown = isOnly ? findings : findings.filter(isShown);
  if (unjudged === undefined && shown.length === 0) return;
  io.out(io.paint('bold', name));
  if (unjudged !== undefined) io.out(`  ${io.paint('red', 'NOT JUDGED')} ${unjudged}`);
  for (const finding of shown) printFinding(io, finding, isOnly);
  if (unresolved.length > 0) io.out(`  Taken as one exact name each: ${unresolved.join(', ')}`);
  io.out('');
}

function printFinding(io: Io, finding: Finding, isOnly: boolean): void {
  const { rule, severity, message, remedy, witness, corrected, accepted, note } = finding;
  const label = accepted ? 'accepted' : severity;
  io.out(
    `  ${io.paint(accepted ? 'dim' : STYLES[severity], label.toUpperCase())} ${rule} ${RULES[rule].title}`,
  );
  io.out(`    ${message}`);
  if (accepted) io.out(`    Accepted until ${accepted.until}: ${accepted.reason}`);
  if (note !== undefined) io.out(`    Note: ${note}`);
  if (accepted) return;
  if (witness) io.out(`    This token gets in: ${JSON.stringify({ iss: witness.iss, ...witness.claims })}`);
  io.out(`    What to do: ${remedy}`);
  if (corrected === undefined) return;
  if (!isOnly) {
    io.out('    A corrected policy is in the answer with --json.');
    return;
  }
  io.out('    Corrected policy:');
  for (const line of JSON.stringify(corrected, null, 2).split('\n')) io.out(`      ${line}`);
}

/** Names that a line holds before it says how many more there are. */
const FEW = 5;

function printLesser(io: Io, results: readonly LintResult[]): void {
  if (results.length === 1) return;
  const lesser = results.flatMap(({ name, findings }) =>
    findings.filter((finding) => !isShown(finding)).map((finding) => ({ name, finding })),
  );
  const groups = Map.groupBy(
    lesser,
    ({ finding: { severity, rule, provider = '' } }) => `${severity} ${rule} ${provider}`,
  );
  for (const severity of SEVERITIES) {
    for (const group of groups.values()) {
      const [{ finding }] = group as [(typeof group)[number]];
      if (finding.severity !== severity) continue;
      const names = group.map(({ name }) => name);
      const more = names.length > FEW ? ` and ${names.length - FEW} more` : '';
      io.out(
        `${io.paint(STYLES[severity], severity.toUpperCase())} ${finding.rule} ${RULES[finding.rule].title}${finding.provider ? `, ${finding.provider}` : ''}: ${names.slice(0, FEW).join(', ')}${more}`,
      );
    }
  }
}

function printSummary(io: Io, results: readonly LintResult[]): void {
  const findings = results.flatMap((result) => result.findings);
  const counted = SEVERITIES.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity && !finding.accepted).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  const accepted = findings.filter((finding) => finding.accepted).length;
  const unjudged = results.filter((result) => result.unjudged !== undefined).length;
  const parts = [
    `${results.length} ${results.length === 1 ? 'role' : 'roles'} read`,
    counted.length === 0 ? 'nothing found' : counted.join(', '),
    ...(accepted > 0 ? [`${accepted} accepted`] : []),
    ...(unjudged > 0 ? [`${unjudged} not judged`] : []),
  ];
  io.out(`${parts.join('; ')}.`);
}
