import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../core/policy/document.ts';
import { authorize } from '../../../core/policy/evaluate.ts';
import type { ApplicablePolicies, Policy, PolicyKind, RequestContext } from '../../../core/policy/types.ts';
import { ACCOUNT, policyOf, QUEUE, ROLE, ROOT, request, SESSION, session, USER, user } from './policies.ts';

// Few names, so that statements and requests meet often.
const KEYS = ['k:a', 'k:b', 'k:c'];
const VALUES = ['x', 'y', '*', 'x*', `\${k:b}`];
const OPERATORS = ['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike'].flatMap((name) => [
  name,
  `${name}IfExists`,
  `ForAllValues:${name}`,
  `ForAnyValue:${name}`,
]);

const someOf = (values: readonly string[]) => fc.subarray([...values], { minLength: 1 });
const conditions = fc.dictionary(
  fc.constantFrom(...OPERATORS),
  fc.dictionary(fc.constantFrom(...KEYS), someOf(VALUES), { minKeys: 1, maxKeys: 2 }),
  { maxKeys: 2 },
);
const actions = someOf(['*', 'sqs:*', 'sqs:SendMessage', 's3:*']);
const resources = someOf(['*', QUEUE, `${QUEUE}*`, 'arn:aws:s3:::x']);
const principals = fc.oneof(
  fc.constant('*'),
  fc.record({ AWS: someOf(['*', ACCOUNT, ROOT, ROLE, SESSION, USER]) }),
);
const effects = fc.constantFrom('Allow', 'Deny');

const statement = fc.record({ Effect: effects, Action: actions, Resource: resources, Condition: conditions });
const resourceStatement = fc.record({
  Effect: effects,
  Principal: principals,
  Action: actions,
  Resource: resources,
  Condition: conditions,
});
type Written = { Effect: string; Condition: Record<string, Record<string, string[]>> };

const few = <T>(statements: fc.Arbitrary<T>) => fc.array(statements, { minLength: 1, maxLength: 3 });
const layers = fc.record({
  identity: fc.array(few(statement), { maxLength: 2 }),
  boundary: fc.option(few(statement), { nil: undefined }),
  session: fc.array(few(statement), { maxLength: 2 }),
  resource: fc.option(few(resourceStatement), { nil: undefined }),
});
type Layers = typeof layers extends fc.Arbitrary<infer T> ? T : never;

const asPolicies = ({ identity, boundary, session, resource }: Layers): ApplicablePolicies => {
  const of = (kind: PolicyKind) => (statements: object[]) => policyOf(kind, ...statements);
  return {
    identity: identity.map(of('identity')),
    session: session.map(of('session')),
    ...(boundary ? { boundary: of('boundary')(boundary) } : {}),
    ...(resource ? { resource: of('resource')(resource) } : {}),
  };
};

const requests = fc.record({
  principal: fc.constantFrom(session, user),
  action: fc.constantFrom('sqs:SendMessage', 's3:GetObject'),
  resource: fc.constantFrom(QUEUE, `${QUEUE}2`, 'arn:aws:s3:::x'),
  context: fc.dictionary(
    fc.constantFrom(...KEYS),
    fc.oneof(fc.constantFrom('x', 'y', 'xy', ''), fc.uniqueArray(fc.constantFrom('x', 'y', 'xy'))),
  ),
});
const options = fc.record({ crossAccount: fc.boolean(), resourcePolicyMustAllow: fc.boolean() });

const allowed = (asked: object, policies: ApplicablePolicies, how: object) =>
  authorize(request(asked), policies, how).allowed;

/** `narrower` never allows what `wider` refuses. */
const narrows = (wider: boolean, narrower: boolean) => expect(wider || !narrower).toBe(true);

const RUNS = { numRuns: 400 };

describe('whatever the policies and the request,', () => {
  it('adding a Deny never widens', () => {
    fc.assert(
      fc.property(
        layers,
        resourceStatement,
        requests,
        options,
        fc.nat(3),
        (all, added, asked, how, where) => {
          const deny = { ...added, Effect: 'Deny' };
          const { Principal: _, ...plain } = deny;
          const more: Layers = [
            { ...all, identity: [...all.identity, [plain]] },
            { ...all, session: all.session.map((statements) => [...statements, plain]) },
            { ...all, resource: [...(all.resource ?? []), deny] },
            { ...all, boundary: all.boundary && [...all.boundary, plain] },
          ][where] as Layers;
          narrows(allowed(asked, asPolicies(all), how), allowed(asked, asPolicies(more), how));
        },
      ),
      RUNS,
    );
  });

  it('a Deny that matches always wins', () => {
    fc.assert(
      fc.property(layers, requests, options, (all, asked, how) => {
        const deny = { Effect: 'Deny', Action: asked.action, Resource: asked.resource, Condition: {} };
        const more = { ...all, identity: [...all.identity, [deny]] } as unknown as Layers;
        expect(authorize(request(asked), asPolicies(more), how).because).toBe('explicit-deny');
      }),
      RUNS,
    );
  });

  it('adding a session policy or a boundary never widens', () => {
    fc.assert(
      fc.property(layers, few(statement), requests, options, (all, added, asked, how) => {
        const before = allowed(asked, asPolicies(all), how);
        narrows(before, allowed(asked, asPolicies({ ...all, session: [...all.session, added] }), how));
        const unbounded = allowed(asked, asPolicies({ ...all, boundary: undefined }), how);
        narrows(unbounded, allowed(asked, asPolicies({ ...all, boundary: added }), how));
      }),
      RUNS,
    );
  });

  it('a condition added to an Allow never widens', () => {
    fc.assert(
      fc.property(layers, conditions, requests, options, (all, added, asked, how) => {
        const policies = asPolicies(all);
        const [extra] = policyOf('identity', {
          Effect: 'Allow',
          Action: '*',
          Resource: '*',
          Condition: added,
        }).statements;
        const stricter = (policy: Policy): Policy => ({
          ...policy,
          statements: policy.statements.map((one) =>
            one.effect === 'Allow'
              ? { ...one, conditions: [...one.conditions, ...(extra?.conditions ?? [])] }
              : one,
          ),
        });
        const narrower: ApplicablePolicies = {
          identity: policies.identity.map(stricter),
          session: (policies.session ?? []).map(stricter),
          ...(policies.boundary ? { boundary: stricter(policies.boundary) } : {}),
          ...(policies.resource ? { resource: stricter(policies.resource) } : {}),
        };
        narrows(allowed(asked, policies, how), allowed(asked, narrower, how));
      }),
      RUNS,
    );
  });

  it('between accounts, and where the resource policy must allow, no more is allowed', () => {
    fc.assert(
      fc.property(layers, requests, (all, asked) => {
        const policies = asPolicies(all);
        const plain = allowed(asked, policies, { crossAccount: false });
        narrows(plain, allowed(asked, policies, { crossAccount: true }));
        narrows(plain, allowed(asked, policies, { crossAccount: false, resourcePolicyMustAllow: true }));
      }),
      RUNS,
    );
  });

  it('the case of condition keys, in policy and request, does not matter', () => {
    const upper = <T>(keys: Record<string, T>) =>
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [key.toUpperCase(), value]));
    const shout = <T extends Written>(one: T): T => ({
      ...one,
      Condition: Object.fromEntries(
        Object.entries(one.Condition).map(([operator, keys]) => [operator, upper(keys)]),
      ),
    });
    fc.assert(
      fc.property(layers, requests, options, (all, asked, how) => {
        const shouted: Layers = {
          identity: all.identity.map((one) => one.map(shout)),
          session: all.session.map((one) => one.map(shout)),
          boundary: all.boundary?.map(shout),
          resource: all.resource?.map(shout),
        };
        const before = allowed(asked, asPolicies(all), how);
        expect(allowed(asked, asPolicies(shouted), how)).toBe(before);
        const context: RequestContext = upper(asked.context);
        expect(allowed({ ...asked, context }, asPolicies(all), how)).toBe(before);
      }),
      RUNS,
    );
  });

  it('nothing is allowed without an allowing statement, and what decides is in the trace', () => {
    fc.assert(
      fc.property(layers, requests, options, (all, asked, how) => {
        const { allowed: yes, because, by, missing, trace } = authorize(request(asked), asPolicies(all), how);
        expect(because === 'allowed').toBe(yes);
        expect(by.length > 0).toBe(because !== 'no-allow');
        expect(missing.length > 0).toBe(because === 'no-allow');
        const effect = yes ? 'Allow' : 'Deny';
        expect(by.every((one) => one.matched && one.effect === effect && trace.includes(one))).toBe(true);
      }),
      RUNS,
    );
  });

  it('without the statements that decided, what was allowed is refused', () => {
    fc.assert(
      fc.property(layers, requests, options, (all, asked, how) => {
        const policies = asPolicies(all);
        const decision = authorize(request(asked), policies, how);
        fc.pre(decision.allowed);
        const without = (kind: PolicyKind) => (policy: Policy) => ({
          ...policy,
          statements: policy.statements.filter(
            ({ index }) => !decision.by.some((one) => one.kind === kind && one.statement === index),
          ),
        });
        const rest: ApplicablePolicies = {
          identity: policies.identity.map(without('identity')),
          session: (policies.session ?? []).map(without('session')),
          ...(policies.boundary ? { boundary: without('boundary')(policies.boundary) } : {}),
          ...(policies.resource ? { resource: without('resource')(policies.resource) } : {}),
        };
        expect(allowed(asked, rest, how)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it('a document that is read is read the same again from its text', () => {
    fc.assert(
      fc.property(few(statement), (statements) => {
        const document = { Version: '2012-10-17', Statement: statements };
        const policy = parsePolicy(document, 'p', 'identity');
        expect(parsePolicy(JSON.stringify(document), 'p', 'identity')).toEqual(policy);
      }),
    );
  });
});

describe('whatever is handed in as a policy', () => {
  it('is read or refused as not understood, never anything else', () => {
    const junk = fc.oneof(
      fc.string(),
      fc.json(),
      fc.object().map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(junk, fc.constantFrom<PolicyKind>('identity', 'trust', 'resource'), (source, kind) => {
        try {
          expect(parsePolicy(source, 'p', kind).statements).toBeInstanceOf(Array);
        } catch (error) {
          expect(error).toMatchObject({ name: 'PolicyNotUnderstood' });
        }
      }),
      RUNS,
    );
  });
});
