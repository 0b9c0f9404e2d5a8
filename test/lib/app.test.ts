/** What `npx cdk synth` yields of the example config. */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FACTORY_STACK, ROLLOUT_STACK, synthesize, warningsOf } from '../../lib/app.ts';
import { loadConfig, parseConfig } from '../../lib/config/config.ts';
import { MEMBER_STACK, memberTemplate } from '../../lib/member-template.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'oidc-factory.example.json');
const INPUT = JSON.parse(readFileSync(EXAMPLE, 'utf8'));
const config = loadConfig(EXAMPLE);
const outdir = mkdtempSync(join(tmpdir(), 'oidc-factory-app-'));
let assembly: CloudAssembly;
beforeAll(() => {
  assembly = synthesize(config, join(outdir, 'first'));
});
afterAll(() => rmSync(outdir, { recursive: true }));

const namesOf = ({ stacks }: CloudAssembly) => stacks.map(({ stackName }) => stackName).sort();
const templateOf = (name: string) => assembly.getStackByName(name).template;

describe('the example config', () => {
  it('yields the factory, the member stack and the roll-out, without a warning', () => {
    expect(namesOf(assembly)).toEqual([FACTORY_STACK, MEMBER_STACK, ROLLOUT_STACK]);
    expect(warningsOf(assembly)).toEqual([]);
  });

  it('names an account for the factory alone', () => {
    const account = (name: string) => assembly.getStackByName(name).environment.account;
    expect(account(FACTORY_STACK)).toBe(config.factory.accountId);
    for (const name of [MEMBER_STACK, ROLLOUT_STACK]) expect(account(name)).toBe('unknown-account');
  });

  it('yields no roll-out where others bring the member stack', () => {
    const { rollout: _, ...without } = config;
    const assembly = synthesize(without, join(outdir, 'without'));
    expect(namesOf(assembly)).toEqual([FACTORY_STACK, MEMBER_STACK]);
  });

  it('yields the same to the byte each time, so that a diff after nothing shows nothing', () => {
    synthesize(config, join(outdir, 'second'));
    const [first, second] = ['first', 'second'].map((name) => contentsOf(join(outdir, name)));
    expect(Object.keys(first ?? {}).length).toBeGreaterThan(5);
    expect(second).toEqual(first);
  });
});

it('the roll-out carries the member stack as it is', () => {
  const [stackSet] = Object.values<{ Properties: { TemplateBody: string } }>(
    templateOf(ROLLOUT_STACK).Resources,
  );
  const inline = stackSet?.Properties.TemplateBody ?? '';
  expect(inline).toBe(memberTemplate(config));
  expect(JSON.parse(inline)).toEqual(templateOf(MEMBER_STACK));
});

it('a member template that is too long to be carried inline is refused', () => {
  const protectedRoles = Array.from({ length: 40 }, (_, n) => `${n}-${'x'.repeat(40)}`);
  const long = parseConfig({ ...INPUT, protectedRoles, guard: {} }, 'config');
  expect(() => memberTemplate(long)).toThrow(/protectedRoles: expected fewer .* 51200 inline/);
});

/** Of templates, and of what is uploaded: the rest tells where in the code something was made. */
function contentsOf(folder: string): Readonly<Record<string, string>> {
  const files = globSync('{*.template.json,*.assets.json,asset.*/**}', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(files.map((path) => [path.slice(folder.length), readFileSync(path, 'utf8')]));
}
