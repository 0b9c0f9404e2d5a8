/** What doctor found, for people. */
import type { Io, Style } from '../io.ts';
import { type Finding, GROUPS, type Group } from './check.ts';

const STYLES: Readonly<Record<Finding['status'], Style>> = { OK: 'green', FAIL: 'red', UNKNOWN: 'yellow' };
const WIDEST = 'UNKNOWN'.length;

export function printFindings(io: Io, findings: readonly Finding[]): void {
  for (const [group, title] of Object.entries(GROUPS) as [Group, string][]) {
    const inGroup = findings.filter(({ id }) => id.startsWith(`${group}.`));
    if (inGroup.length === 0) continue;
    io.out(io.paint('bold', title));
    for (const alike of togetherUnknown(inGroup)) printFindingsAlike(io, alike);
    io.out('');
  }
  const { OK, FAIL, UNKNOWN } = countsOf(findings);
  io.out(`${OK} OK, ${FAIL} FAIL, ${UNKNOWN} UNKNOWN`);
}

/** What one missing permission hides is told once. */
function togetherUnknown(findings: readonly Finding[]): readonly (readonly [Finding, ...Finding[]])[] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const { id, status, detail, remedy } = finding;
    const reason = status === 'UNKNOWN' ? `${detail}\n${remedy}` : id;
    const alike = groups.get(reason);
    if (alike) alike.push(finding);
    else groups.set(reason, [finding]);
  }
  return [...groups.values()];
}

function printFindingsAlike(io: Io, alike: readonly [Finding, ...Finding[]]): void {
  const [{ status, detail, code, remedy, where }] = alike;
  const titles = alike.map(({ title }) => title).join(', ');
  const found = code === undefined ? detail : `${code}: ${detail}`;
  io.out(`  ${io.paint(STYLES[status], status.padEnd(WIDEST))}  ${titles}: ${found}`);
  const indent = ' '.repeat(WIDEST + 4);
  if (remedy !== undefined) io.out(`${indent}${io.paint('bold', 'What to do')}: ${remedy}`);
  if (status !== 'OK' && alike.length === 1) io.out(`${indent}${io.paint('dim', `Where: ${where}`)}`);
}

export function countsOf(findings: readonly Finding[]): Record<Finding['status'], number> {
  const count = (status: Finding['status']) => findings.filter((one) => one.status === status).length;
  return { OK: count('OK'), FAIL: count('FAIL'), UNKNOWN: count('UNKNOWN') };
}
