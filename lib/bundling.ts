import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import type { FunctionName } from '../core/naming.ts';

/** The functions of the factory; each is `lambdas/<name>/index.ts`. */
export const FUNCTIONS: readonly {
  readonly name: FunctionName;
  /** Whether it logs in to Entra: its bundle holds Azure's libraries, its role may ask for the token to log in with. */
  readonly needsEntra: boolean;
}[] = [
  { name: 'dispatch-role-event', needsEntra: false },
  { name: 'inspect-role', needsEntra: false },
  { name: 'register-application', needsEntra: true },
  { name: 'add-audience', needsEntra: false },
  { name: 'verify-application', needsEntra: true },
  { name: 'assign-audience', needsEntra: false },
  { name: 'record-outcome', needsEntra: false },
  { name: 'confirm-role-gone', needsEntra: false },
  { name: 'remove-audience', needsEntra: false },
  { name: 'delete-application', needsEntra: true },
];

const lambdas = join(import.meta.dirname, '..', 'lambdas');

/**
 * What starts a function fastest: CommonJS, because esbuild's ES modules load every builtin of lazily needed code;
 * the packages' ES modules as source, because only those can be tree-shaken; the SDK bundled, not the runtime's.
 */
const RECIPE = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  alias: { '@aws-sdk/credential-provider-node': join(lambdas, 'env-credentials.ts') },
  // No comments with paths of this machine, no dependence on the folder of the build.
  absWorkingDir: join(lambdas, '..'),
  logLevel: 'silent',
} as const satisfies BuildOptions;

/**
 * Bundles every function into `<outdir>/<name>/index.js`, alone in its folder; answers the folders. The same sources
 * give the same bytes. Throws on esbuild's errors and on its warnings.
 */
export function bundleFunctions(outdir: string): Record<FunctionName, string> {
  const folders = FUNCTIONS.map(({ name }) => {
    const folder = join(outdir, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const { warnings } = buildSync({
      ...RECIPE,
      entryPoints: [join(lambdas, name, 'index.ts')],
      outfile: join(folder, 'index.js'),
    });
    if (warnings.length > 0) {
      throw new Error(`Bundling ${name}: ${warnings.map(({ text }) => text).join('; ')}`);
    }
    return [name, folder] as const;
  });
  return Object.fromEntries(folders) as Record<FunctionName, string>;
}
