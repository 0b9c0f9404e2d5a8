import type { ConditionTrace, Decision, StatementTrace } from './types.ts';

/** A decision in readable lines: the outcome, what decided it, and why each other statement did not apply. */
export function explain(decision: Decision): string[] {
  const decided = new Set(decision.by.map(nameOf));
  const others = decision.trace.filter((statement) => !decided.has(nameOf(statement)));
  return [
    headline(decision),
    ...decision.by.map((statement) => `  ${nameOf(statement)} applies`),
    ...others.map((statement) => `  ${nameOf(statement)} ${whyNot(statement)}`),
  ];
}

const POLICY_KINDS = {
  identity: 'identity policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  resource: 'resource policy',
} as const;

function headline({ because, missing }: Decision): string {
  switch (because) {
    case 'allowed':
      return 'Allowed.';
    case 'explicit-deny':
      return 'Refused: a statement denies it.';
    case 'no-allow':
      return `Refused: no ${missing.map((kind) => POLICY_KINDS[kind]).join(' and no ')} allows it.`;
  }
}

function nameOf({ policy, kind, statement, sid, effect }: StatementTrace): string {
  return `${effect} in ${POLICY_KINDS[kind]} "${policy}", statement ${statement}${sid ? ` (${sid})` : ''}`;
}

function whyNot({ failed, matched }: StatementTrace): string {
  if (matched) return 'applies, but does not decide';
  if (failed === undefined) return 'does not apply';
  if (typeof failed === 'string') return `is about another ${failed}`;
  return `does not apply: ${conditionText(failed)}`;
}

function conditionText({ operator, key, values, actual }: ConditionTrace): string {
  const found =
    actual === undefined ? 'the request has no such key' : `the request has ${listed(actual, 'and')}`;
  return `${operator} ${key} wants ${listed(values, 'or')}, ${found}`;
}

const listed = (values: readonly string[], word: string): string =>
  values.map((value) => `"${value}"`).join(` ${word} `);
