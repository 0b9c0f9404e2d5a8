import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { parsePolicy } from '../../core/policy/document.ts';
import { authorize } from '../../core/policy/evaluate.ts';
import { explain } from '../../core/policy/explain.ts';
import type { PolicyKind, Principal } from '../../core/policy/types.ts';
import { evaluateWebIdentityTrust } from '../../core/policy/web-identity.ts';
import { ACCOUNT, lambda, QUEUE, session, user } from '../core/policy/policies.ts';
import { AUDIENCE, PROVIDER_ARN } from '../fixtures/domain.ts';
import { claims } from '../generators/trust-policy.ts';
import { hostileText } from './junk.ts';
import { mutatedFrom, mutatedJson } from './mutate.ts';
import { failing, outcome } from './outcome.ts';
import { fuzz } from './runs.ts';
import { identityPolicySeed, trustPolicySeed } from './seeds.ts';

const KINDS: readonly PolicyKind[] = ['identity', 'session', 'boundary', 'trust', 'resource'];
const kind = fc.constantFrom(...KINDS);
const text = mutatedJson(fc.oneof(trustPolicySeed, identityPolicySeed));

const principal: fc.Arbitrary<Principal> = fc.oneof(
  fc.constantFrom<Principal[]>(session, user, lambda, { type: 'anonymous' }),
  hostileText.map((arn): Principal => ({ type: 'aws', accountId: ACCOUNT, arn, roleArn: arn })),
);
const context = fc.dictionary(
  fc.oneof(
    fc.constantFrom('aws:username', 'aws:SourceIp', 'aws:MultiFactorAuthAge', '__proto__'),
    hostileText,
  ),
  fc.oneof(hostileText, fc.array(hostileText, { maxLength: 4 })),
  { maxKeys: 4, noNullPrototype: true },
);
const request = fc.record({
  principal,
  action: fc.oneof(fc.constantFrom('sqs:SendMessage', 'sts:AssumeRoleWithWebIdentity'), hostileText),
  resource: fc.oneof(fc.constantFrom(QUEUE, '*'), hostileText),
  context,
});

const parse = (source: string, of: PolicyKind) =>
  outcome(() => parsePolicy(source, 'the policy', of), failing('PolicyNotUnderstood'));

describe('whatever is attached as a policy,', () => {
  fuzz('it is understood whole or refused', fc.tuple(text, kind), ([source, of]) => {
    const answer = parse(source, of);
    if ('error' in answer) {
      expect(answer.error.message).toMatch(/^the policy: .+: expected ./s);
      return;
    }
    const document = JSON.parse(source);
    const written = [document.Statement].flat() as Record<string, unknown>[];
    expect(answer.value.statements.map(({ effect }) => effect)).toEqual(written.map(({ Effect }) => Effect));
    expect(answer.value.statements.flatMap(({ conditions }) => conditions.map(({ key }) => key))).toEqual(
      written.flatMap(({ Condition = {} }) =>
        Object.values(Condition as object).flatMap((block) => Object.keys(block)),
      ),
    );
    expect(parsePolicy(document, 'the policy', of)).toEqual(answer.value);
  });

  fuzz(
    'one more element that is not in the grammar refuses all of it',
    fc.tuple(text, kind, fc.nat(), fc.constantFrom('__proto__', 'Efect', 'constructor', '')),
    ([source, of, at, name]) => {
      const answer = parse(source, of);
      if ('error' in answer || answer.value.statements.length === 0) return;
      const document = JSON.parse(source);
      const statements = [document.Statement].flat() as object[];
      const spoilt = statements.map((statement, index) =>
        index === at % statements.length
          ? Object.fromEntries([...Object.entries(statement), [name, 'x']])
          : statement,
      );
      expect(parse(JSON.stringify({ ...document, Statement: spoilt }), of)).toMatchObject({
        error: { name: 'PolicyNotUnderstood' },
      });
    },
  );

  fuzz(
    'a request is decided, the same way every time',
    fc.tuple(text, kind, request),
    ([source, of, asked]) => {
      const answer = parse(source, of);
      if ('error' in answer) return;
      const policy = answer.value;
      const policies =
        of === 'trust' || of === 'resource'
          ? { identity: [], resource: policy }
          : of === 'boundary'
            ? { identity: [policy], boundary: policy }
            : { identity: [policy], session: [policy] };
      const decided = outcome(
        () => authorize(asked, policies),
        failing('InvalidInput', 'PolicyNotUnderstood'),
      );
      if ('error' in decided) return;
      expect(decided.value.allowed).toBe(decided.value.because === 'allowed');
      if (decided.value.allowed) expect(decided.value.by.length).toBeGreaterThan(0);
      outcome(
        () => explain(decided.value),
        () => false,
      );
    },
  );

  const token = mutatedFrom(claims(AUDIENCE)).filter(
    (value): value is Record<string, unknown> => typeof value === 'object' && value !== null,
  );
  fuzz(
    'a token is let in or not, by an answer',
    fc.tuple(mutatedJson(trustPolicySeed), token),
    ([trustPolicy, bearer]) => {
      outcome(
        () => evaluateWebIdentityTrust({ trustPolicy, providerArn: PROVIDER_ARN, claims: bearer }),
        failing('PolicyNotUnderstood', 'InvalidInput'),
      );
    },
  );
});
