/** What is spoiled in a good policy is mended such that who was meant still gets in, and the witness does not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateWebIdentityTrust } from '../../../core/policy/web-identity.ts';
import { arnOf, audienceOf, GITHUB, GITLAB, HCP, linted, policy, statement, subject } from './policies.ts';

type Document = ReturnType<typeof policy>;
type Spoil = (document: Document) => Document;

/** Who is meant, on each of three issuers. */
const MEANT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [GITHUB]: { sub: 'repo:acme@1001/api@2002:environment:prod', environment: 'prod', repository_id: '2002' },
  [GITLAB]: { sub: 'project_id:7:ref_type:branch:ref:main', project_id: '7', ref_protected: 'true' },
  [HCP]: { sub: 'organization:acme:project:core:workspace:net:run_phase:apply' },
};
const claimsOf = (path: string) => ({ aud: audienceOf(path), ...MEANT[path] });

const OPEN: Readonly<Record<string, readonly string[]>> = {
  [GITHUB]: [
    '*',
    'repo:*',
    'repo:acme/*',
    'repo:acme@1001/api@2002:*',
    'repo:acme@1001/api@2002:pull_request',
  ],
  [GITLAB]: ['*', 'project_path:acme/*', 'project_id:7:ref_type:branch:ref:*'],
  [HCP]: ['*', 'organization:acme:*'],
};

const first = (
  document: Document,
  edit: (element: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): Document => {
  const [element, ...rest] = document.Statement;
  return { ...document, Statement: [edit(element ?? {}), ...rest] };
};
type Condition = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Ways to spoil a policy that names one subject, each with the rule that it breaks. */
const SPOILS = (path: string): readonly (readonly [string, Spoil])[] => {
  const sub = `${path}:sub`;
  const meant = MEANT[path]?.sub as string;
  return [
    ...(OPEN[path] ?? []).map((value): [string, Spoil] => [
      `an open value beside it: ${value}`,
      (document) =>
        first(document, ({ Condition, ...rest }) => {
          const { StringEquals: { [sub]: _, ...equals } = {}, ...others } = Condition as Condition;
          return {
            ...rest,
            Condition: { ...others, StringEquals: equals, StringLike: { [sub]: [meant, value] } },
          };
        }),
    ]),
    [
      'a weak statement beside it',
      (document) => ({ ...document, Statement: [...document.Statement, subject(path, '*')] }),
    ],
    [
      'no audience',
      (document) =>
        first(document, ({ Condition, ...rest }) => {
          const { StringEquals: { [`${path}:aud`]: _, ...equals } = {}, ...others } = Condition as Condition;
          return {
            ...rest,
            Condition: { ...others, ...(Object.keys(equals).length > 0 && { StringEquals: equals }) },
          };
        }),
    ],
    ['every action of STS', (document) => first(document, (element) => ({ ...element, Action: 'sts:*' }))],
    [
      'another issuer beside it',
      (document) =>
        first(document, (element) => ({
          ...element,
          Principal: { Federated: [arnOf(path), arnOf('idp.acme.example')] },
        })),
    ],
  ];
};

const spoiled = (path: string, spoils: readonly Spoil[]): Document =>
  spoils.reduce<Document>(
    (document, spoil) => spoil(document),
    policy(subject(path, MEANT[path]?.sub ?? '')),
  );

const enters = (trustPolicy: object, path: string, claims: object): boolean =>
  evaluateWebIdentityTrust({
    trustPolicy: JSON.stringify(trustPolicy),
    providerArn: arnOf(path),
    claims: { ...claims },
    sessionName: 'session',
  }).allowed;

const cases = Object.keys(MEANT).flatMap((path) =>
  SPOILS(path).map(([name, spoil]) => [path, name, spoil] as const),
);

describe('a policy for one subject, spoiled by', () => {
  it.each(cases)('%s: %s', (path, _, spoil) => {
    const document = spoiled(path, [spoil]);
    const { findings } = linted(document);
    const mended = findings.filter(({ corrected }) => corrected !== undefined);
    expect(mended.length).toBeGreaterThan(0);
    for (const { corrected, witness } of mended) {
      expect(enters(corrected as object, path, claimsOf(path))).toBe(true);
      if (witness) expect(enters(corrected as object, path, witness.claims)).toBe(false);
    }
  });

  it('any of it at once is never mended to the cost of who is meant', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(MEANT)).chain((path) =>
          fc.tuple(
            fc.constant(path),
            fc.subarray(
              SPOILS(path).map(([, spoil]) => spoil),
              { minLength: 1 },
            ),
          ),
        ),
        ([path, spoils]) => {
          const document = spoiled(path, spoils);
          for (const { corrected, witness } of linted(document).findings) {
            if (corrected === undefined) continue;
            expect(enters(corrected, path, claimsOf(path))).toBe(enters(document, path, claimsOf(path)));
            if (witness) expect(enters(corrected, path, witness.claims)).toBe(false);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('mending one finding after the other ends with none that can be mended', () => {
    let document: object = spoiled(
      GITHUB,
      SPOILS(GITHUB).map(([, spoil]) => spoil),
    );
    for (let round = 0; round < 20; round++) {
      const next = linted(document).findings.find(({ corrected }) => corrected !== undefined)?.corrected;
      if (next === undefined) break;
      document = next;
    }
    expect(linted(document).findings).toEqual([]);
  });
});

describe('the corrected policy', () => {
  const corrected = (trustPolicy: object, rule: string) =>
    linted(trustPolicy).findings.find((finding) => finding.rule === rule)?.corrected;
  const PROD = MEANT[GITHUB]?.sub as string;

  it('writes a condition without IfExists', () => {
    const loose = policy(
      statement(GITHUB, { StringEquals: { aud: 'sts.amazonaws.com' }, StringEqualsIfExists: { sub: PROD } }),
    );
    expect(corrected(loose, 'WI06')).toEqual(policy(subject(GITHUB, PROD)));
  });

  it('writes ids after an @', () => {
    const hyphens = policy(subject(GITHUB, 'repo:acme-1001/api-2002:environment:prod'));
    expect(corrected(hyphens, 'WI15')).toEqual(policy(subject(GITHUB, PROD)));
  });

  it('writes a colon in an environment as GitHub does', () => {
    const literal = policy(subject(GITHUB, 'repo:acme@1001/api@2002:environment:prod:eu'));
    const encoded = policy(subject(GITHUB, 'repo:acme@1001/api@2002:environment:prod%3Aeu'));
    expect(corrected(literal, 'WI08')).toEqual(encoded);
  });

  it('writes keys of the provider that it trusts', () => {
    const foreign = JSON.parse(
      JSON.stringify(policy(subject(GITHUB, PROD))).replaceAll(`${GITHUB}:`, 'token.actions.example:'),
    );
    expect(corrected(foreign, 'WI08')).toEqual(policy(subject(GITHUB, PROD)));
  });

  it('gives each issuer a statement of its own, and none to one that nothing is demanded of', () => {
    const both = { StringEquals: { aud: 'sts.amazonaws.com', sub: PROD } };
    const federated = [arnOf(GITHUB), arnOf(GITLAB)];
    const one = policy({ ...statement(GITHUB, both), Principal: { Federated: federated } });
    expect(corrected(one, 'WI09')).toEqual(
      policy({ ...statement(GITHUB, both), Principal: { Federated: arnOf(GITHUB) } }),
    );
  });

  it.each([
    ['nothing is known of who is meant', policy(statement(GITHUB)), 'WI01'],
    ['only the open value is there', policy(subject(GITHUB, 'repo:acme/*')), 'WI02'],
    [
      'a wildcard taken literally would open more than it says',
      policy(
        statement(GITHUB, { StringEquals: { aud: 'sts.amazonaws.com', sub: 'repo:acme@1001/api@2002:*' } }),
      ),
      'WI08',
    ],
    [
      'a name needs an id that nobody wrote',
      policy(subject(GITHUB, 'repo:acme/api:environment:prod')),
      'WI14',
    ],
    [
      'it would keep out another issuer of the statement',
      policy({
        ...statement(GITHUB, { StringEqualsIfExists: { sub: PROD, [`${GITLAB}:sub`]: MEANT[GITLAB]?.sub } }),
        Principal: { Federated: [arnOf(GITHUB), arnOf(GITLAB)] },
      }),
      'WI07',
    ],
    ['parts are not known', policy(subject(GITHUB, [`repo:\${Org}/api:environment:prod`, '*'])), 'WI01'],
  ])('is not given where %s', (_, trustPolicy, rule) => {
    const found = linted(trustPolicy).findings.find((finding) => finding.rule === rule);
    expect(found).toBeDefined();
    expect(found).not.toHaveProperty('corrected');
  });
});
