/** What must hold for every trust policy, stated for any way of rewriting, so that broken ones can be refuted. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { evaluateConsent } from '../../../core/consent.ts';
import { isFactoryError } from '../../../core/errors.ts';
import { isGuid, roleName } from '../../../core/ids.ts';
import { conditionKey } from '../../../core/issuer.ts';
import { evaluateWebIdentityTrust } from '../../../core/policy/web-identity.ts';
import type { rewriteTrustPolicy } from '../../../core/trust-policy/rewrite.ts';
import { ACCOUNT } from '../../fixtures/domain.ts';
import {
  claims,
  OTHER_PROVIDERS,
  PLACEHOLDERS,
  type RewriteCase,
  rewriteCase,
  sessionName,
} from '../../generators/trust-policy.ts';

export type Rewrite = typeof rewriteTrustPolicy;
export type Json = Record<string, unknown>;
export type Property = (rewrite: Rewrite) => fc.IProperty<unknown[]>;

const statementsOf = (text: string): Json[] => [JSON.parse(text).Statement].flat() as Json[];
export const federatedOf = (statement: Json): unknown[] =>
  [(statement.Principal as Json | undefined)?.Federated ?? []].flat();

/** The policies of the generator that are the factory's to change and can be. */
const rewritten = (rewrite: Rewrite, { request, settings, provider }: RewriteCase) => {
  try {
    const consent = evaluateConsent({
      role: {
        accountId: ACCOUNT,
        roleName: roleName('deploy'),
        path: '/',
        trustPolicy: request.trustPolicy,
        tags: {},
      },
      provider,
      settings,
      recordedAudience: request.audience,
    });
    fc.pre(consent.kind !== 'refused');
    return { managed: new Set(consent.managedStatements), result: rewrite(request) };
  } catch (error) {
    fc.pre(!isFactoryError(error, 'SubjectNotPinnable'));
    throw error;
  }
};

/** Pairs every statement with what it became. */
function pairs(before: Json[], after: Json[], managed: ReadonlySet<number>, providerArn: string) {
  let at = 0;
  return before.map((statement, index) => {
    const own = after[at++];
    const principal = (statement.Principal ?? {}) as Json;
    const shared =
      managed.has(index) &&
      (federatedOf(statement).some((arn) => arn !== providerArn) || Object.keys(principal).length > 1);
    const isSplit = shared && JSON.stringify(own) !== JSON.stringify(statement);
    return { statement, managed: managed.has(index), own, others: isSplit ? after[at++] : undefined };
  });
}

export const idempotent: Property = (rewrite) =>
  fc.property(rewriteCase, (subject) => {
    const { result } = rewritten(rewrite, subject);
    const request = { ...subject.request, recordedAudience: subject.request.audience };
    const again = rewrite({ ...request, trustPolicy: result.document });
    expect(again).toMatchObject({ document: result.document, changed: false, changes: [] });
    expect(again.pinned).toBe(result.pinned);
  });

export const survives: Property = (rewrite) =>
  fc.property(rewriteCase, (subject) => {
    const { request } = subject;
    const { managed, result } = rewritten(rewrite, subject);
    const { Statement: before, ...rootBefore } = JSON.parse(request.trustPolicy);
    const { Statement: after, ...rootAfter } = JSON.parse(result.document);
    expect(JSON.stringify(rootAfter)).toBe(JSON.stringify(rootBefore));
    const paired = pairs([before].flat(), [after].flat(), managed, request.provider.providerArn);
    expect([after].flat()).toHaveLength(paired.length + paired.filter(({ others }) => others).length);
    for (const { statement, managed: isManaged, own, others } of paired) {
      if (!isManaged) expect(JSON.stringify(own)).toBe(JSON.stringify(statement));
      else
        expect(untouched(own, request.provider.providerArn)).toEqual(
          untouched(statement, request.provider.providerArn),
        );
      if (others === undefined) continue;
      const { Principal: _, ...kept } = statement;
      const { Principal: principal, ...keptAfter } = others;
      expect(keptAfter).toEqual(kept);
      expect(federatedOf({ Principal: principal })).toEqual(
        federatedOf(statement).filter((arn) => arn !== request.provider.providerArn),
      );
    }
  });

/** What rewriting has no business with: elements but Principal, Sid and the comparisons that it fills and pins. */
function untouched(statement: Json | undefined, providerArn: string) {
  const [aud, sub, oaud] = ['aud', 'sub', 'oaud'].map((claim) =>
    conditionKey(providerArn, claim).toLowerCase(),
  );
  const { Principal: _, Sid: __, Condition, ...rest } = statement ?? {};
  const kept = Object.entries((Condition ?? {}) as Record<string, Json>).flatMap(([operator, block]) =>
    Object.entries(block).filter(([name]) => {
      const isNarrowing = operator.includes('Not') || operator === 'Null';
      return isNarrowing || ![aud, sub, oaud].includes(name.toLowerCase());
    }),
  );
  return { rest, kept: kept.map((entry) => JSON.stringify(entry)).sort() };
}

export const neverWidens: Property = (rewrite) =>
  fc.property(
    rewriteCase.chain((subject) =>
      fc.tuple(
        fc.constant(subject),
        fc.array(claims(subject.request.audience), { minLength: 8, maxLength: 8 }),
      ),
    ),
    sessionName,
    fc.constantFrom('sts:AssumeRoleWithWebIdentity', 'sts:TagSession'),
    ([subject, tokens], session, action) => {
      const { request } = subject;
      const { managed, result } = rewritten(rewrite, subject);
      const filled = withPlaceholdersFilled(request.trustPolicy, managed, request);
      for (const token of tokens) {
        const allows = (trustPolicy: string, providerArn: string) =>
          evaluateWebIdentityTrust({ trustPolicy, providerArn, claims: token, action, sessionName: session })
            .allowed;
        const { providerArn } = request.provider;
        if (!allows(filled, providerArn)) expect(allows(result.document, providerArn)).toBe(false);
        for (const other of OTHER_PROVIDERS) {
          expect(allows(result.document, other)).toBe(allows(request.trustPolicy, other));
        }
      }
    },
  );

/** The policy with the new audience in the place of each placeholder, and nothing else done. */
function withPlaceholdersFilled(
  text: string,
  managed: ReadonlySet<number>,
  { provider, audience }: RewriteCase['request'],
): string {
  const aud = conditionKey(provider.providerArn, 'aud').toLowerCase();
  const fill = (value: unknown) => (PLACEHOLDERS.includes(String(value)) ? audience : value);
  const statements = statementsOf(text).map((statement, index) => {
    if (!managed.has(index)) return statement;
    const blocks = Object.entries(statement.Condition as Record<string, Json>).map(([operator, block]) => [
      operator,
      Object.fromEntries(
        Object.entries(block).map(([name, value]) =>
          name.toLowerCase() === aud && !operator.includes('Not') && operator !== 'Null'
            ? [name, [value].flat().map(fill)]
            : [name, value],
        ),
      ),
    ]);
    return { ...statement, Condition: Object.fromEntries(blocks) };
  });
  return JSON.stringify({ ...JSON.parse(text), Statement: statements });
}

export const pinned: Property = (rewrite) =>
  fc.property(
    rewriteCase.chain((subject) =>
      fc.tuple(
        fc.constant(subject),
        fc.array(claims(subject.request.audience), { minLength: 8, maxLength: 8 }),
      ),
    ),
    sessionName,
    ([subject, tokens], session) => {
      const { request } = subject;
      const { managed, result } = rewritten(rewrite, subject);
      const { providerArn } = request.provider;
      const paired = pairs(
        statementsOf(request.trustPolicy),
        statementsOf(result.document),
        managed,
        providerArn,
      );
      for (const { statement, own, managed: isManaged } of paired) {
        if (!isManaged) continue;
        const trustPolicy = JSON.stringify({ Version: '2012-10-17', Statement: own });
        const named = guidsNamedAsSubject(statement, providerArn);
        for (const token of tokens) {
          const { allowed } = evaluateWebIdentityTrust({
            trustPolicy,
            providerArn,
            claims: token,
            sessionName: session,
          });
          if (!allowed) continue;
          expect(token.azp ?? token.aud).toBe(request.audience);
          expect([request.servicePrincipalId.toLowerCase(), ...named]).toContain(token.sub.toLowerCase());
        }
      }
    },
  );

const guidsNamedAsSubject = (statement: Json, providerArn: string): string[] =>
  Object.values(statement.Condition as Record<string, Json>)
    .flatMap((block) => Object.entries(block))
    .filter(([name]) => name.toLowerCase() === conditionKey(providerArn, 'sub').toLowerCase())
    .flatMap(([, value]) => [value].flat().map(String))
    .filter(isGuid)
    .map((guid) => guid.toLowerCase());

export const parsesBack: Property = (rewrite) =>
  fc.property(rewriteCase, (subject) => {
    const { request } = subject;
    const { managed, result } = rewritten(rewrite, subject);
    expect(JSON.stringify(JSON.parse(result.document))).toBe(result.document);
    const paired = pairs(
      statementsOf(request.trustPolicy),
      statementsOf(result.document),
      managed,
      request.provider.providerArn,
    );
    for (const { statement, own, others } of paired) expect((others ?? own)?.Sid).toBe(statement.Sid);
    expect(JSON.parse(result.document).Id).toBe(JSON.parse(request.trustPolicy).Id);
  });
