/**
 * Trust policies as the world writes them, and worse: one object or a list, any case of actions and keys, several
 * operators on one key, several principals in one statement, Deny, wildcards, audiences of other people.
 */
import fc from 'fast-check';
import type { KnownProvider } from '../../core/consent.ts';
import type { TokenVersion } from '../../core/issuer.ts';
import type { FactorySettings } from '../../core/settings.ts';
import type { RewriteRequest } from '../../core/trust-policy/rewrite.ts';
import {
  ACCOUNT,
  APP_ID,
  AUDIENCE,
  AUDIENCE_V2,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER_ARN,
  PROVIDER_ARN_V2,
  SERVICE_PRINCIPAL,
  SETTINGS,
  SETTINGS_V2,
} from '../fixtures/domain.ts';

/** What stands for "fill this in" in generated policies. */
export const PLACEHOLDERS: readonly string[] = [PLACEHOLDER, 'dummy-value', 'x', 'A_b-9'];
/** On the provider's list. */
const LISTED = 'listed-word';
const FOREIGN = [
  'api://mciem-aws-oidc-app',
  LISTED,
  'sts.amazonaws.com',
  '*',
  'dummy-*',
  `api://${MANAGED_IDENTITY}`,
];
export const OTHER_PROVIDERS: readonly string[] = [
  `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`,
  `arn:aws:iam::${ACCOUNT}:oidc-provider/sts.windows.net/99999999-8888-4777-8666-555555555555/`,
];
const GUIDS = [MANAGED_IDENTITY, SERVICE_PRINCIPAL, MANAGED_IDENTITY.toUpperCase()];
const SUBJECTS = ['*', `${MANAGED_IDENTITY.slice(0, 8)}*`, 'agent', 'repo:org/repo:*', '????????-*'];

const POSITIVE = ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike'];
const NEGATIVE = ['StringNotEquals', 'StringNotEqualsIgnoreCase', 'StringNotLike'];
const variants = (operators: readonly string[]) =>
  operators.flatMap((operator) =>
    ['', 'ForAnyValue:', 'ForAllValues:'].flatMap((set) => [
      `${set}${operator}`,
      `${set}${operator}IfExists`,
    ]),
  );

const anyCase = (text: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    text,
    text,
    text.toUpperCase(),
    text.replace(/[a-z]$/, (letter) => letter.toUpperCase()),
  );

const oneOrMany = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> =>
  fc.oneof({ weight: 3, arbitrary: item }, fc.array(item, { minLength: 1, maxLength: 3 }));

/** A Condition element out of single comparisons; several on one operator share its block. */
const conditions = (
  comparisons: readonly (readonly [string, string, unknown])[],
): Record<string, unknown> => {
  const blocks = new Map<string, Map<string, unknown>>();
  for (const [operator, name, value] of comparisons) {
    const block = blocks.get(operator) ?? new Map<string, unknown>();
    // Keys that differ in case only are one key to IAM, which takes each key once.
    if (![...block.keys()].some((taken) => taken.toLowerCase() === name.toLowerCase()))
      block.set(name, value);
    blocks.set(operator, block);
  }
  return Object.fromEntries([...blocks].map(([operator, block]) => [operator, Object.fromEntries(block)]));
};

const comparison = (
  operators: readonly string[],
  name: string,
  value: fc.Arbitrary<unknown>,
): fc.Arbitrary<readonly [string, string, unknown]> =>
  fc.tuple(fc.constantFrom(...operators), anyCase(name), value);

function conditionArbitrary(providerArn: typeof PROVIDER_ARN): fc.Arbitrary<Record<string, unknown>> {
  const on = (claim: string) => key(claim, providerArn);
  const placeholders = oneOrMany(fc.constantFrom(...PLACEHOLDERS));
  const audiences = oneOrMany(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...PLACEHOLDERS) },
      fc.constantFrom(...FOREIGN, AUDIENCE, AUDIENCE_V2),
    ),
  );
  const subjects = oneOrMany(fc.constantFrom(...GUIDS, ...SUBJECTS));
  const extra = fc.oneof(
    comparison(variants(POSITIVE), on('aud'), placeholders),
    comparison(variants(NEGATIVE), on('aud'), audiences),
    comparison(variants([...POSITIVE, ...NEGATIVE]), on('sub'), subjects),
    comparison(POSITIVE, on('sub'), oneOrMany(fc.constantFrom(...GUIDS))),
    comparison(variants(POSITIVE), on('oaud'), audiences),
    comparison(['StringEquals', 'StringLike'], 'sts:RoleSessionName', fc.constantFrom('ci', 'ci-*')),
    comparison(['ForAnyValue:StringLike'], on('amr'), fc.constantFrom('pwd', 'authenticated')),
    comparison(['Null'], on('sub'), fc.constantFrom('false', 'true')),
    comparison(['StringEqualsIfExists'], 'token.actions.githubusercontent.com:sub', fc.constant('repo:o/r')),
  );
  const consenting = comparison([...POSITIVE, ...POSITIVE, ...variants(POSITIVE)], on('aud'), placeholders);
  const own = fc
    .constantFrom(AUDIENCE, [AUDIENCE])
    .map((value) => ['StringEquals', on('aud'), value] as const);
  const arbitrary = comparison(variants(POSITIVE), on('aud'), audiences);
  const audience = fc.oneof({ weight: 5, arbitrary: consenting }, own, arbitrary);
  return fc
    .tuple(audience, fc.array(extra, { maxLength: 4 }))
    .chain(([first, rest]) => fc.shuffledSubarray([first, ...rest], { minLength: 1 + rest.length }))
    .map(conditions);
}

/** Sometimes text that needs escaping; IAM would refuse most of it, a serializer must not mind. */
const label = fc.oneof(
  fc.constantFrom('', 'Entra', '"quoted" \\ é', '__proto__'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

function statementArbitrary(providerArn: typeof PROVIDER_ARN): fc.Arbitrary<Record<string, unknown>> {
  const others = fc.constantFrom(...OTHER_PROVIDERS);
  const ours = fc.constant<string>(providerArn);
  const principal = fc.oneof(
    { weight: 4, arbitrary: fc.record({ Federated: ours }) },
    { weight: 2, arbitrary: fc.record({ Federated: fc.tuple(ours) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        Federated: fc.tuple(ours, others).chain((arns) => fc.shuffledSubarray(arns, { minLength: 2 })),
      }),
    },
    fc.record({ Federated: oneOrMany(others) }),
    fc.record({
      AWS: fc.constantFrom(`arn:aws:iam::${ACCOUNT}:root`, [`arn:aws:iam::${ACCOUNT}:role/ci`]),
      Federated: oneOrMany(ours),
    }),
    fc.record({ Service: fc.constant('lambda.amazonaws.com') }),
    fc.constant('*'),
  );
  const webIdentity = anyCase('sts:AssumeRoleWithWebIdentity');
  const action = fc.oneof(
    { weight: 5, arbitrary: webIdentity },
    { weight: 2, arbitrary: fc.tuple(webIdentity, fc.constantFrom('sts:TagSession', 'sts:AssumeRole')) },
    fc.constantFrom<unknown[]>('sts:*', 'sts:AssumeRole', ['sts:AssumeRole*'], 'sts:TagSession'),
  );
  const core = {
    Effect: fc.oneof({ weight: 6, arbitrary: fc.constant('Allow') }, fc.constant('Deny')),
    Principal: principal,
  };
  const shaped = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record(
        { Sid: label, ...core, Action: action, Condition: conditionArbitrary(providerArn) },
        { requiredKeys: ['Effect', 'Principal', 'Action', 'Condition'] },
      ),
    },
    fc.record({ ...core, Action: action }),
    fc.record({
      ...core,
      NotAction: fc.constant('sts:TagSession'),
      Condition: conditionArbitrary(providerArn),
    }),
  );
  // The order of elements is the author's.
  return shaped.chain((statement) =>
    fc
      .shuffledSubarray(Object.entries(statement), { minLength: Object.keys(statement).length })
      .map((entries) => Object.fromEntries(entries) as Record<string, unknown>),
  );
}

/** Distinct Sids, as IAM demands. */
const withDistinctSids = (statements: readonly Record<string, unknown>[]) =>
  statements.map((statement, index) =>
    typeof statement.Sid === 'string' && statement.Sid !== ''
      ? { ...statement, Sid: `${statement.Sid}${index}` }
      : statement,
  );

function documentArbitrary(providerArn: typeof PROVIDER_ARN): fc.Arbitrary<string> {
  const statements = fc
    .array(statementArbitrary(providerArn), { minLength: 1, maxLength: 4 })
    .map(withDistinctSids);
  return fc
    .record(
      {
        Version: fc.constantFrom('2012-10-17', '2008-10-17'),
        Id: label,
        Statement: fc.oneof(
          { weight: 3, arbitrary: statements },
          statements.map(([only]) => only),
        ),
      },
      { requiredKeys: ['Statement'] },
    )
    .chain((document) => fc.constantFrom(JSON.stringify(document), JSON.stringify(document, null, 4)));
}

export interface RewriteCase {
  readonly request: RewriteRequest;
  readonly settings: FactorySettings;
  readonly provider: KnownProvider;
}

/** A policy with everything that rewriting it takes, for either version of tokens. */
export const rewriteCase: fc.Arbitrary<RewriteCase> = fc
  .constantFrom<TokenVersion[]>(1, 1, 2)
  .chain((tokenVersion) => {
    const [settings, providerArn, audience] =
      tokenVersion === 1 ? [SETTINGS, PROVIDER_ARN, AUDIENCE] : [SETTINGS_V2, PROVIDER_ARN_V2, AUDIENCE_V2];
    return fc
      .record({ trustPolicy: documentArbitrary(providerArn), known: fc.boolean() })
      .map(({ trustPolicy, known }): RewriteCase => {
        const provider = { providerArn, clientIds: [PLACEHOLDER, LISTED] };
        return {
          settings,
          provider,
          request: {
            trustPolicy,
            provider,
            accountId: ACCOUNT,
            settings,
            audience,
            appId: APP_ID,
            servicePrincipalId: SERVICE_PRINCIPAL,
            ...(known ? { recordedAudience: audience } : {}),
          },
        };
      });
  });

/** Claims of tokens that the issuer may sign: for the new audience, for placeholders, for somebody else. */
export const claims = (
  audience: string,
): fc.Arbitrary<{ aud: string; azp?: string; sub: string; amr?: string }> =>
  fc.record(
    {
      aud: fc.oneof(
        { weight: 4, arbitrary: fc.constant(audience) },
        fc.constantFrom(...PLACEHOLDERS, ...FOREIGN, audience.toUpperCase()),
      ),
      azp: fc.constantFrom(audience, MANAGED_IDENTITY, 'dummy-value'),
      sub: fc.constantFrom(...GUIDS, ...SUBJECTS, `${MANAGED_IDENTITY}0`, 'repo:org/repo:ref'),
      amr: fc.constantFrom('pwd', 'authenticated', 'other'),
    },
    { requiredKeys: ['aud', 'sub'] },
  );

export const sessionName: fc.Arbitrary<string> = fc.constantFrom('ci', 'ci-1', 'other');
