/** A checked token for people: the answer first, then what was compared, then what would change it. */

import { MISTAKES, type MistakeCode } from '../../core/mistakes.ts';
import type { TrustAnswer } from '../../core/trust-check/answer.ts';
import type { TokenCheck } from '../../core/trust-check/token-checks.ts';
import type { CheckedCondition, CheckedStatement } from '../../core/trust-check/verdict.ts';
import type { Io } from '../io.ts';

export function printAnswer(answer: TrustAnswer, io: Io): void {
  const { error, code, statements, checks, unknownKeys } = answer;
  const by = statements.find(({ effect, applies }) => effect === 'Allow' && applies);
  if (code === undefined) io.out(`${io.paint('green', 'LET IN')}${by ? ` by ${nameOf(by)}` : ''}`);
  else io.out(`${io.paint('red', 'REFUSED')} (${error}): ${MISTAKES[code].cause}`);
  io.out('');
  io.out('Before the trust policy');
  const width = Math.max(...checks.map(({ check }) => check.length)) + 2;
  for (const check of checks) printCheck(check, width, io);
  io.out('Trust policy');
  for (const statement of statements) printStatement(statement, io);
  for (const key of unknownKeys) io.out(`  Only the call itself tells ${key}: it counts as absent here.`);
  if (code !== undefined) printChange(answer, code, io);
}

const MARKS = { ok: ['green', 'ok'], refused: ['red', 'FAIL'], unknown: ['dim', '?'] } as const;
/** As wide as the widest mark. */
const MARK = 'FAIL'.length + 2;

function mark(outcome: keyof typeof MARKS, io: Io): string {
  const [style, text] = MARKS[outcome];
  return io.paint(style, text.padEnd(MARK));
}

function printCheck({ check, outcome, expected, actual }: TokenCheck, width: number, io: Io): void {
  io.out(`  ${mark(outcome, io)}${check.padEnd(width)}${actual}`);
  if (outcome === 'refused') io.out(`${' '.repeat(2 + MARK + width)}expected ${expected}`);
}

const nameOf = ({ index, sid }: CheckedStatement): string => `statement ${index}${sid ? ` (${sid})` : ''}`;

function printStatement(statement: CheckedStatement, io: Io): void {
  const { effect, principal, action, conditions, applies } = statement;
  io.out(`  ${nameOf(statement)}: ${effect}, ${applies ? io.paint('bold', 'applies') : 'does not apply'}`);
  if (!principal || !action) {
    const what = principal ? 'another action' : 'another principal';
    io.out(`    ${io.paint('dim', `it is about ${what}`)}`);
    return;
  }
  for (const condition of conditions) printCondition(condition, effect === 'Allow', io);
}

/** What a Deny asks for and does not find is no failure. */
function printCondition(
  { operator, key, values, actual, met }: CheckedCondition,
  isAllow: boolean,
  io: Io,
): void {
  const outcome = met ? 'ok' : isAllow ? 'refused' : 'unknown';
  io.out(`    ${mark(outcome, io)}${operator} ${key}`);
  if (met) return;
  const indent = ' '.repeat(4 + MARK);
  io.out(`${indent}expected ${values.join(' or ')}`);
  io.out(`${indent}actual   ${actual?.join(' and ') ?? 'the request has no such key'}`);
}

function printChange({ change }: TrustAnswer, code: MistakeCode, io: Io): void {
  io.out('');
  if (change) {
    io.out(io.paint('bold', 'The smallest change that would let it in'));
    for (const { text } of change.edits) io.out(`  ${text}`);
    io.out(`  ${change.wise ? io.paint('green', 'Wise') : io.paint('red', 'Not wise')}: ${change.because}.`);
  } else {
    io.out(io.paint('bold', 'No change of role or provider lets this very token in'));
  }
  io.out(`${io.paint('bold', 'What to do')} (${code}): ${MISTAKES[code].remedy}`);
}
