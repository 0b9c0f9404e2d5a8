/** The command names every mistake and its remedy, and nothing that it prints opens anything. */
import { describe, expect, it } from 'vitest';
import { MISTAKES } from '../../../core/mistakes.ts';
import { type Attempt, MADE, MADE_LAST, type MakeMistake } from './made-mistakes.ts';
import { type Ended, useWorkloads } from './workload.ts';

const workloads = useWorkloads();
/** What the command printed, by mistake. */
const printed = new Map<string, Ended>();

async function attempt(name: string, make: MakeMistake): Promise<Attempt & { readonly ended: Ended }> {
  const scene = workloads();
  const made = await make(scene);
  const { env = scene.env.clientSecret, args = [], role } = made;
  const ended = await scene.credentials({ ...scene.own, ...role }, env, ...args);
  printed.set(name, ended);
  return { ...made, ended };
}

async function isNamed(name: string, make: MakeMistake): Promise<void> {
  const { code, likeliest, ended } = await attempt(name, make);
  const { side, retryable, cause, remedy } = MISTAKES[code];
  const { stdout, stderr } = ended;
  expect(stderr).toContain(`${code}: ${cause}`);
  expect(stderr).toContain(remedy);
  expect(stderr).toContain(`side: ${side}`);
  expect(/mayBe: (\w+)/.exec(stderr)?.[1]).toBe(likeliest);
  if (likeliest) expect(stderr).toContain(MISTAKES[likeliest].remedy);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(stdout).toBe('');
  expect(ended.code).toBe(retryable ? 4 : side === 'workload' ? 2 : 3);
}

describe.concurrent('it is named, with its remedy, that', () => {
  it.each(Object.entries(MADE))('%s', isNamed);
});

describe('it is named, with its remedy, and at last, that', () => {
  it.each(Object.entries(MADE_LAST))('%s', isNamed);
});

const printedFor = (name: string): string => {
  const ended = printed.get(name);
  if (!ended) throw new Error(`'${name}' was not tried`);
  return `${ended.stdout}\n${ended.stderr}`;
};

describe('what is printed', () => {
  it('shows, where STS refuses, the claims of the token beside what AWS must hold', () => {
    const stderr = printedFor('somebody else of the tenant tries');
    const facts = Object.fromEntries(
      [...stderr.matchAll(/^ {2}(\w+): (.*)$/gm)].map(([, name, fact]) => [name, fact]),
    );
    const { own, factory } = workloads();
    const { providerArn } = factory.member;
    const path = providerArn.slice(providerArn.indexOf('/') + 1);
    expect(facts).toMatchObject({
      iss: `https://${path}`,
      aud: own.audience,
      exp: expect.stringMatching(/Z$/),
      expectedProvider: providerArn,
      expectedClientId: own.audience,
    });
    expect(JSON.parse(facts.expectedTrust ?? '')).toEqual({
      [`${path}:aud`]: own.audience,
      [`${path}:sub`]: facts.sub,
    });
  });

  it('shows, where Entra refuses an assertion, what a federated credential has to equal', () => {
    const stderr = printedFor("the platform's token is for somebody else");
    expect(stderr).toContain('assertionAudience: https://example.com');
    expect(stderr).toMatch(/assertionIssuer: https:.*\n +assertionSubject: arn:aws:iam::/);
  });

  it('opens nothing', () => {
    const everything = Object.keys({ ...MADE, ...MADE_LAST })
      .map(printedFor)
      .join('\n');
    // All tokens of both clouds.
    expect(everything).not.toMatch(/eyJ[\w-]{10}/);
    for (const secret of workloads().secrets) {
      for (const form of [secret, encodeURIComponent(secret), btoa(secret)]) {
        expect(everything).not.toContain(form);
      }
    }
  });
});
