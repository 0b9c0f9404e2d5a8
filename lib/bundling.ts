import { join } from 'node:path';
import { type BuildOptions, buildSync, type Metafile } from 'esbuild';
import {
  ENTRA_FUNCTIONS,
  FUNCTION_NAMES,
  type FunctionName,
  type GUARD_FUNCTION,
  type NOTIFY_FUNCTION,
  type OUTBOUND_FUNCTION,
} from '../core/naming.ts';

const NEED_ENTRA: ReadonlySet<FunctionName> = new Set(ENTRA_FUNCTIONS);

/** The functions of the factory; each is `lambdas/<name>/index.ts`. */
export const FUNCTIONS: readonly { readonly name: FunctionName; readonly needsEntra: boolean }[] =
  FUNCTION_NAMES.map((name) => ({ name, needsEntra: NEED_ENTRA.has(name) }));

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
  // The SDK takes its version from them, for a user agent that the functions replace by their own; it is 10 kB.
  loader: { '.json': 'empty' },
  // Loaded lazily for operations that stream events; the functions use none, and it is 20 kB.
  external: ['@smithy/core/event-streams'],
  absWorkingDir: join(lambdas, '..'),
  logLevel: 'silent',
} as const satisfies BuildOptions;

/**
 * Bundles every function into `<outdir>/<name>/index.js`, alone in its folder; answers the folders. The same sources
 * give the same bytes. Throws on esbuild's errors and on its warnings.
 */
export function bundleFunctions(outdir: string): Record<FunctionName, string> {
  buildFunctions(outdir);
  return Object.fromEntries(FUNCTION_NAMES.map((name) => [name, join(outdir, name)])) as Record<
    FunctionName,
    string
  >;
}

/** As {@link bundleFunctions}, of a function that is no part of a role's way. */
export function bundleOther(
  outdir: string,
  name: typeof GUARD_FUNCTION | typeof NOTIFY_FUNCTION | typeof OUTBOUND_FUNCTION,
): string {
  buildFunctions(outdir, [name]);
  return join(outdir, name);
}

/** As {@link bundleFunctions}, but answers what esbuild knows of the bundles. */
export function buildFunctions(outdir: string, names: readonly string[] = FUNCTION_NAMES): Metafile {
  // One run for all: they share most of what is parsed.
  const { metafile, warnings } = buildSync({
    ...RECIPE,
    entryPoints: entryPoints(names),
    outdir,
    metafile: true,
  });
  if (warnings.length > 0) {
    const texts = warnings.map(({ text, location }) => `${location?.file ?? ''}: ${text}`);
    throw new Error(`Bundling the functions: ${texts.join('; ')}`);
  }
  return metafile;
}

/** Source of every function by the path of its bundle, without extension. */
export const entryPoints = (names: readonly string[] = FUNCTION_NAMES): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`${name}/index`, join(lambdas, name, 'index.ts')]));
