import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FUNCTION_NAMES, type FunctionName } from '../../core/naming.ts';
import { bundleFunctions, FUNCTIONS } from '../../lib/bundling.ts';

let outdir: string;
let bundles: Record<FunctionName, string>;
const bundleOf = (name: FunctionName) => readFileSync(join(bundles[name], 'index.js'), 'utf8');

beforeAll(() => {
  outdir = mkdtempSync(join(tmpdir(), 'oidc-factory-bundles-'));
  bundles = bundleFunctions(join(outdir, 'first'));
}, 60_000);
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

describe('the bundle of a function', () => {
  it('is made for every function', () => {
    expect(Object.keys(bundles).sort()).toEqual([...FUNCTION_NAMES].sort());
  });

  it.each(FUNCTION_NAMES)('is index.js alone (%s)', (name) => {
    expect(readdirSync(bundles[name])).toEqual(['index.js']);
  });

  it.each(FUNCTION_NAMES)("holds neither the SDK's default credential chain nor the sandbox (%s)", (name) => {
    const bundle = bundleOf(name);
    expect(bundle).not.toMatch(/AWS_CONTAINER_CREDENTIALS_RELATIVE_URI|sso_account_id|credential_process/);
    expect(bundle).not.toMatch(/_sandbox\/|dynalite/);
    expect(bundle).not.toContain(join(import.meta.dirname, '..', '..'));
  });

  it('holds the login to Entra only where the function needs it', () => {
    const withLogin = FUNCTIONS.filter(({ name }) => bundleOf(name).includes('client-assertion-type'));
    expect(withLogin).toEqual(FUNCTIONS.filter(({ needsEntra }) => needsEntra));
  });

  it('is the same however often and wherever it is made', () => {
    const again = bundleFunctions(join(outdir, 'second', 'deeper'));
    for (const name of FUNCTION_NAMES) {
      expect(
        readFileSync(join(again[name], 'index.js')).equals(readFileSync(join(bundles[name], 'index.js'))),
      ).toBe(true);
    }
  }, 60_000);

  it('loads in a bare Node and names what its environment lacks by a code', () => {
    const script = `
      console.log = console.info = console.error = () => {};
      const names = ${JSON.stringify(Object.entries(bundles))}.map(async ([name, folder]) => {
        const { handler } = require(folder + '/index.js');
        return [name, await handler({}).then(() => 'no failure', (error) => error.name)];
      });
      Promise.all(names).then((all) => require('node:fs').writeFileSync(process.argv[1], JSON.stringify(all)));`;
    const file = join(outdir, 'names.json');
    execFileSync(process.execPath, ['-e', script, file], { env: {}, cwd: outdir, stdio: 'pipe' });
    const names = JSON.parse(readFileSync(file, 'utf8'));
    expect(names).toEqual(FUNCTION_NAMES.map((name) => [name, 'InvalidSettings']));
  });
});
