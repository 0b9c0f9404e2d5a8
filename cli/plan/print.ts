/** Steps, for people: by account, what, about what, why. */
import { HOLDS, startsOf } from '../../core/drift/approval.ts';
import { type Step, type Subject, textOf } from '../../core/drift/step.ts';
import type { Io, Style } from '../io.ts';
import { table } from '../table.ts';

export function printSteps(io: Io, steps: readonly Step[], say: (line: string) => void): void {
  for (const accountId of new Set(steps.map((step) => step.accountId))) {
    say(io.paint('bold', `Account ${accountId}`));
    const rows = steps.filter((step) => step.accountId === accountId).map(row);
    for (const line of table(rows, io.width)) say(line);
    say('');
  }
}

export function printSummary(
  io: Io,
  steps: readonly Step[],
  hash: string,
  say: (line: string) => void,
): void {
  const starts = startsOf(steps);
  const removals = starts.filter(({ risk }) => risk === 'destructive').length;
  const held = steps.filter(({ hold }) => hold !== undefined).length;
  const reports = steps.length - starts.length - held;
  const style: Style = removals > 0 ? 'red' : starts.length > 0 ? 'yellow' : 'green';
  const what = `${starts.length - removals} to put right, ${removals} to remove, ${held} held back, ${reports} to look at`;
  say(`${io.paint(style, 'Plan')}: ${what}`);
  say(`Hash ${hash}`);
}

const WORDS = { none: 'look at', changes: 'put right', destructive: 'REMOVE' } as const;

const row = (step: Step): string[] => [
  `  ${step.hold ? 'held back' : WORDS[step.risk]}`,
  aboutOf(step.subject),
  step.reason,
  step.hold ? `${textOf(step)} Held back: ${HOLDS[step.hold]}.` : textOf(step),
];

export function aboutOf(subject: Subject): string {
  switch (subject.kind) {
    case 'account':
      return 'account';
    case 'provider':
      return 'provider';
    case 'role':
      return `role ${subject.roleName}`;
    case 'audience':
      return `audience of ${subject.roleName}`;
    case 'application':
      return `application ${subject.uniqueName || subject.objectId}`;
  }
}
