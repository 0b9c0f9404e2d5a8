import { diff } from 'node:util';
import type { Io } from '../io.ts';

/** Lines around a change that help to find it. */
const CONTEXT = 3;

/** What differs between two JSON values, printed over several lines, as lines with `-`, `+` or a blank before them. */
export function diffLines(before: unknown, after: unknown, io: Io): readonly string[] {
  const lines = diff(linesOf(before), linesOf(after));
  const changed = lines.flatMap(([sign], index) => (sign === 0 ? [] : [index]));
  const isNear = lines.map((_, index) => changed.some((at) => Math.abs(at - index) <= CONTEXT));
  return lines.flatMap(([sign, line], index) => {
    if (!isNear[index]) return isNear[index - 1] === false ? [] : [io.paint('dim', '  …')];
    if (sign === 0) return [io.paint('dim', `  ${line}`)];
    // Node's diff turns one text into the other: what only the first has goes.
    return [sign === 1 ? io.paint('red', `- ${line}`) : io.paint('green', `+ ${line}`)];
  });
}

const linesOf = (value: unknown): string[] => JSON.stringify(value, null, 2).split('\n');
