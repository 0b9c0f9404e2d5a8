/** WI09–WI11: whom a statement is about, and what it allows. */

import { providerPathOf } from '../ci/issuers.ts';
import { otherIssuer } from '../ci/other.ts';
import { authorize } from '../policy/evaluate.ts';
import { matchesAction } from '../policy/match.ts';
import type { Statement } from '../policy/types.ts';
import type { JsonObject } from '../trust-policy/document.ts';
import { strings } from '../trust-policy/document.ts';
import { decide, surroundingsFor } from './admission.ts';
import type { Draft, Proof } from './draft.ts';
import { editConditions, replaceStatement } from './edits.ts';
import { worst } from './finding.ts';
import { claimOf, isGlobalKey, type Provider, type Trust, type TrustStatement } from './trust.ts';

const WEB_IDENTITY = 'sts:AssumeRoleWithWebIdentity';

/** WI09. @param drafts what else was found: the worst of it is how bad sharing a statement is. */
export const severalIssuersDrafts = (trust: Trust, drafts: readonly Draft[]): readonly Draft[] =>
  allowing(trust)
    .filter(({ providers, everybody }) => providers.length > 1 && !everybody)
    .map(({ index, providers }) => ({
      rule: 'WI09',
      severity:
        worst(
          drafts.filter(({ statements }) => statements.includes(index)).map(({ severity }) => severity),
        ) ?? 'low',
      message: `Statement ${index} trusts ${providers.map(({ issuer }) => issuer.path).join(' and ')}: what it demands of one says nothing of the others.`,
      statements: [index],
      correct: (document) => replaceStatement(document, index, (statement) => split(statement, providers)),
    }));

const allowing = ({ statements }: Trust): readonly TrustStatement[] =>
  statements.filter(({ statement }) => statement.effect === 'Allow');

/** One statement for each provider, with the conditions that are about it. */
function split(statement: JsonObject, providers: readonly Provider[]): readonly JsonObject[] | undefined {
  const { Sid: _, ...rest } = statement;
  const principal = statement.Principal as Record<string, unknown>;
  const names = strings(principal.Federated) ?? [];
  if (Object.keys(principal).length > 1 || names.length !== providers.length) return undefined;
  const parts = names.map((name): JsonObject | undefined => {
    const { issuer } = providers.find((provider) => provider.issuer.path === providerPathOf(name)) ?? {};
    const own = editConditions(rest, (operator, key, value) =>
      isGlobalKey(key) || (issuer && claimOf(issuer, key) !== undefined) ? [[operator, key, value]] : [],
    );
    return own && { ...own, Principal: { Federated: name } };
  });
  // A provider that nothing is demanded of cannot get in now, and must not then.
  const kept = parts.filter((part) => part !== undefined).filter((part) => part.Condition !== undefined);
  return parts.includes(undefined) || kept.length === 0 ? undefined : kept;
}

/** WI10, and WI12 where a statement for a provider is made moot. */
export const anybodyDrafts = (trust: Trust): readonly Draft[] => [
  ...trust.notPrincipal.map((index): Draft => {
    const message = `Statement ${index} allows everybody but those it names.`;
    return { rule: 'WI10', severity: 'critical', message, statements: [index] };
  }),
  ...allowing(trust)
    .filter(({ everybody }) => everybody)
    .flatMap((statement) => everybodyDrafts(trust, statement)),
];

function everybodyDrafts(trust: Trust, statement: TrustStatement): readonly Draft[] {
  const { index } = statement;
  const draft = (
    rule: Draft['rule'],
    severity: Draft['severity'],
    message: string,
    proof?: Proof,
  ): Draft => ({
    rule,
    severity,
    message,
    statements: [index],
    ...(proof && { proof }),
  });
  const rogue = rogueToken(statement);
  const asked = {
    statement: statement.statement,
    version: trust.policy.version,
    issuer: rogue.provider.issuer,
  };
  if (decide(trust.policy, rogue.provider, rogue.claims, surroundingsFor(asked, 'tenant')).allowed) {
    return [draft('WI10', 'critical', 'Tokens of every issuer get in.', rogue)];
  }
  if (strangerEnters(trust)) {
    const message = 'Every principal of every AWS account gets in.';
    const isMoot = allowing(trust).some(({ providers }) => providers.length > 0);
    return [draft('WI10', 'critical', message), ...(isMoot ? [draft('WI12', 'critical', message)] : [])];
  }
  if (!coversWebIdentity(statement.statement)) return [];
  return [
    draft('WI10', 'high', `Statement ${index} names no provider: only its conditions keep others out.`),
  ];
}

const STRANGER = '999999999999';

/** A token of an issuer that nobody has heard of. */
const rogueToken = (statement: TrustStatement): Proof => ({
  provider: {
    principal: `arn:aws:iam::${STRANGER}:oidc-provider/mallory.example`,
    issuer: otherIssuer('mallory.example'),
  },
  statement,
  claims: { sub: 'mallory', aud: 'sts.amazonaws.com' },
  goal: 'tenant',
  who: 'whoever has any provider',
});

const strangerEnters = ({ policy }: Trust): boolean =>
  authorize(
    {
      principal: { type: 'aws', accountId: STRANGER, arn: `arn:aws:iam::${STRANGER}:user/mallory` },
      action: 'sts:AssumeRole',
      resource: '*',
      context: { 'sts:RoleSessionName': 'session' },
    },
    { identity: [], resource: policy },
    { resourcePolicyMustAllow: true },
  ).allowed;

const coversWebIdentity = ({ action, notAction }: Statement): boolean =>
  notAction !== undefined || (action ?? []).some((pattern) => matchesAction(pattern, WEB_IDENTITY));

/** Beside logging in; who may tag a session or set its identity should be able to read that. */
const OTHERS = [
  'sts:AssumeRole',
  'sts:AssumeRoleWithSAML',
  'sts:TagSession',
  'sts:SetSourceIdentity',
  'sts:SetContext',
];

/** WI11 */
export const actionsDrafts = (trust: Trust): readonly Draft[] =>
  allowing(trust).flatMap(({ index, statement, providers }): Draft[] => {
    if (providers.length === 0) return [];
    const wide = (statement.action ?? []).filter(
      (pattern) =>
        matchesAction(pattern, WEB_IDENTITY) && OTHERS.some((other) => matchesAction(pattern, other)),
    );
    if (statement.notAction === undefined && wide.length === 0) return [];
    const text = statement.notAction === undefined ? `"${wide.join('", "')}"` : 'NotAction';
    return [
      {
        rule: 'WI11',
        severity: 'medium',
        message: `${text} allows more of STS than ${WEB_IDENTITY}.`,
        statements: [index],
        correct: (document) =>
          replaceStatement(document, index, ({ NotAction: _, ...element }) => [
            { ...element, Action: [WEB_IDENTITY, 'sts:TagSession'] },
          ]),
      },
    ];
  });
