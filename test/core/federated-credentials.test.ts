import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  areSameWorkloads,
  credentialChanges,
  credentialOf,
  type FederatedCredential,
  type Workload,
  workloadsAskedFor,
} from '../../core/federated-credentials.ts';
import { FEDERATED_CREDENTIAL_KEY as KEY } from '../../core/tags.ts';
import { ISSUER } from '../fixtures/domain.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';
const GITLAB = 'https://gitlab.example.com';
const ALLOWED = [
  { issuer: GITHUB, subjects: ['repo:example/', 'repo:sample/only'] },
  { issuer: GITLAB, subjects: ['project_path:example/'] },
];
const MAIN = 'repo:example/app:ref:refs/heads/main';
const asked = (tags: Readonly<Record<string, string>>) => workloadsAskedFor(tags, ALLOWED);
const REFUSED = { kind: 'refused', detail: expect.stringContaining(KEY) };

describe('what tags ask for', () => {
  it.each<[string, Readonly<Record<string, string>>, readonly Workload[]]>([
    ['nothing', { project: 'x', 'oidc-factory:status': 'ready' }, []],
    ['one workload', { [KEY]: `${GITHUB} ${MAIN}` }, [{ issuer: GITHUB, subject: MAIN }]],
    [
      'one whose tag is written in other case',
      { 'OIDC-Factory:Federated-Credential': `${GITHUB} ${MAIN}` },
      [{ issuer: GITHUB, subject: MAIN }],
    ],
    [
      'several of several issuers',
      { [`${KEY}:20`]: `${GITLAB} project_path:example/a`, [KEY]: `${GITHUB} ${MAIN}` },
      [
        { issuer: GITHUB, subject: MAIN },
        { issuer: GITLAB, subject: 'project_path:example/a' },
      ],
    ],
    [
      'an environment with a blank in its name',
      { [`${KEY}:2`]: `${GITHUB} repo:example/app:environment:EU production` },
      [{ issuer: GITHUB, subject: 'repo:example/app:environment:EU production' }],
    ],
  ])('is %s', (_, tags, workloads) => {
    expect(asked(tags)).toEqual({ kind: 'allowed', workloads });
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['an unknown issuer', { [KEY]: `https://token.example.com ${MAIN}` }],
    ['an issuer in other case', { [KEY]: `https://Token.actions.githubusercontent.com ${MAIN}` }],
    ['an issuer with a slash more', { [KEY]: `${GITHUB}/ ${MAIN}` }],
    ['a subject that is allowed of another issuer', { [KEY]: `${GITLAB} ${MAIN}` }],
    ['a subject of others', { [KEY]: `${GITHUB} repo:examples/app:ref:refs/heads/main` }],
    ['a subject whose prefix is in other case', { [KEY]: `${GITHUB} repo:Example/app:ref:refs/heads/main` }],
    ['an allowed prefix further within', { [KEY]: `${GITHUB} x:repo:example/app` }],
    ['a wildcard', { [KEY]: `${GITHUB} repo:example/*` }],
    ['a wildcard for one character', { [KEY]: `${GITHUB} repo:example/ap?` }],
    ['no subject', { [KEY]: GITHUB }],
    ['nothing', { [KEY]: '' }],
    ['two blanks', { [KEY]: `${GITHUB}  ${MAIN}` }],
    ['a blank at the end', { [KEY]: `${GITHUB} ${MAIN} ` }],
    ['a blank that is not the usual one', { [KEY]: `${GITHUB}\u00a0${MAIN}` }],
    ['a letter that looks like another', { [KEY]: `${GITHUB} repo:example/\u0430pp` }],
    ['a line break', { [KEY]: `${GITHUB} ${MAIN}\n` }],
    ['the same twice', { [KEY]: `${GITHUB} ${MAIN}`, [`${KEY}:2`]: `${GITHUB} ${MAIN}` }],
    [
      'the same but for its case',
      { [KEY]: `${GITHUB} repo:example/App`, [`${KEY}:2`]: `${GITHUB} repo:example/app` },
    ],
    ['the number 1', { [`${KEY}:1`]: `${GITHUB} ${MAIN}` }],
    ['the number 21', { [`${KEY}:21`]: `${GITHUB} ${MAIN}` }],
    ['a number with a zero before it', { [`${KEY}:02`]: `${GITHUB} ${MAIN}` }],
    ['a key that goes on', { [`${KEY}s`]: `${GITHUB} ${MAIN}` }],
    ['a good one beside a bad one', { [KEY]: `${GITHUB} ${MAIN}`, [`${KEY}:2`]: 'x' }],
  ])('is refused with %s', (_, tags) => {
    expect(asked(tags)).toEqual(REFUSED);
  });

  it('is refused whatever it is, where the config allows nothing', () => {
    expect(workloadsAskedFor({ [KEY]: `${GITHUB} ${MAIN}` }, [])).toEqual(REFUSED);
    expect(workloadsAskedFor({}, [])).toEqual({ kind: 'allowed', workloads: [] });
  });

  it('is never more than the config allows, nor more than 20', () => {
    const word = fc.stringMatching(/^[\w.:/=+@*? -]{0,12}$/);
    const value = fc.tuple(
      fc.constantFrom(GITHUB, GITLAB, 'https://x'),
      fc.constantFrom(' ', '  ', ''),
      fc.constantFrom('repo:example/', 'project_path:example/', 'repo:'),
      word,
    );
    const key = fc.tuple(fc.constantFrom(KEY, KEY.toUpperCase(), 'other'), fc.integer({ min: 0, max: 25 }));
    const tags = fc.array(fc.tuple(key, value), { maxLength: 30 });
    fc.assert(
      fc.property(tags, (pairs) => {
        const answer = asked(
          Object.fromEntries(
            pairs.map(([[name, number], parts]) => [number ? `${name}:${number}` : name, parts.join('')]),
          ),
        );
        const workloads = answer.kind === 'allowed' ? answer.workloads : [];
        expect(workloads.length).toBeLessThanOrEqual(20);
        for (const { issuer, subject } of workloads) {
          expect(subject).not.toMatch(/[*?]/);
          const of = ALLOWED.find((one) => one.issuer === issuer);
          expect(of?.subjects.some((prefix) => subject.startsWith(prefix))).toBe(true);
        }
      }),
    );
  });
});

const workload = fc.record({
  issuer: fc.constantFrom(GITHUB, GITLAB),
  subject: fc.constantFrom('repo:example/a', 'repo:example/b', 'repo:example/c'),
});
const workloads = fc.uniqueArray(workload, { selector: ({ issuer, subject }) => `${issuer} ${subject}` });

describe('two lists of workloads', () => {
  it('are the same in whatever order, and only then', () => {
    fc.assert(
      fc.property(workloads, workloads, (some, others) => {
        expect(areSameWorkloads(some, [...some].reverse())).toBe(true);
        const texts = (list: readonly Workload[]) => list.map((one) => JSON.stringify(one)).sort();
        expect(areSameWorkloads(some, others)).toBe(
          JSON.stringify(texts(some)) === JSON.stringify(texts(others)),
        );
      }),
    );
    expect(areSameWorkloads(undefined, [])).toBe(true);
  });
});

describe('the credential of a workload', () => {
  const of = (subject: string) => credentialOf({ issuer: GITHUB, subject }, ISSUER);

  it('has the audience of the cloud and a name that follows from what it holds', () => {
    expect(of(MAIN)).toEqual({
      name: expect.stringMatching(/^oidc-factory-[0-9a-f]{32}$/),
      issuer: GITHUB,
      subject: MAIN,
      audience: 'api://AzureADTokenExchange',
      description: expect.stringContaining('OIDC factory'),
    });
    expect(of(MAIN)).toEqual(of(MAIN));
    expect(of(MAIN).name).not.toBe(of(`${MAIN}2`).name);
    expect(credentialOf({ issuer: GITHUB, subject: MAIN }, { cloud: 'usgov' }).audience).toBe(
      'api://AzureADTokenExchangeUSGov',
    );
  });
});

describe('changing the credentials of an application', () => {
  const [wanted, other] = ['a', 'b'].map((name) =>
    credentialOf({ issuer: GITHUB, subject: `repo:example/${name}` }, ISSUER),
  ) as [FederatedCredential, FederatedCredential];
  const theirs = { ...other, name: 'pipeline', description: null };

  it.each<
    [string, { observed: FederatedCredential[]; remove?: FederatedCredential[]; add?: FederatedCredential[] }]
  >([
    ['adds what is missing', { observed: [], add: [wanted] }],
    ['leaves what is as it should be', { observed: [wanted] }],
    ['removes what is asked for no more', { observed: [wanted, other], remove: [other] }],
    ['leaves what people added', { observed: [wanted, theirs] }],
    [
      'leaves a name of its own that people describe otherwise',
      { observed: [wanted, { ...other, description: 'ours' }] },
    ],
    [
      'makes anew what was changed under its name',
      {
        observed: [{ ...wanted, subject: 'repo:evil/x' }],
        remove: [{ ...wanted, subject: 'repo:evil/x' }],
        add: [wanted],
      },
    ],
    [
      'makes anew what has another audience',
      { observed: [{ ...wanted, audience: 'x' }], remove: [{ ...wanted, audience: 'x' }], add: [wanted] },
    ],
    [
      'adds none where people have added the very same',
      { observed: [{ ...wanted, name: 'by-hand', description: null }] },
    ],
  ])('%s', (_, { observed, remove = [], add = [] }) => {
    expect(credentialChanges(observed, [wanted])).toEqual({ remove, add });
  });

  it('ends with what is wanted and with what people added, and then has nothing left to do', () => {
    const credential = workload.map((one) => credentialOf(one, ISSUER));
    const byPeople = fc
      .tuple(workload, fc.stringMatching(/^[a-z]{3,8}$/))
      .map(([one, name]) => ({ ...credentialOf(one, ISSUER), name, description: null }));
    const changed = fc.tuple(credential, workload).map(([one, pair]) => ({ ...one, ...pair }));
    const pairOf = ({ issuer, subject }: FederatedCredential) => `${issuer} ${subject}`;
    const observedList = fc.uniqueArray(fc.oneof(credential, byPeople, changed), { selector: pairOf });
    fc.assert(
      fc.property(observedList, workloads, (observed, asks) => {
        const all = asks.map((one) => credentialOf(one, ISSUER));
        const { remove, add } = credentialChanges(observed, all);
        const after = [...observed.filter((one) => !remove.includes(one)), ...add];
        expect(remove.filter(({ description }) => description === null)).toEqual([]);
        expect(new Set(after.map(pairOf)).size).toBe(after.length);
        for (const one of all) expect(after.map(pairOf)).toContain(pairOf(one));
        const made = after.filter(({ description }) => description !== null);
        for (const one of made) expect(all).toContainEqual(one);
        expect(credentialChanges(after, all)).toEqual({ remove: [], add: [] });
      }),
    );
  });
});
