#!/usr/bin/env node
/**
 * Builds the package that others install into `dist`, or into the folder that is named: Node strips no types below
 * node_modules. Packages stay outside; every command is a chunk of its own, loaded when it is used.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { configJsonSchema } from '../lib/config/json-schema.ts';

const root = join(import.meta.dirname, '..');
const outdir = resolve(process.argv[2] ?? join(root, 'dist'));
const LIBRARIES = { credentials: 'credentials/index.ts', ci: 'lib/ci/index.ts' };
/** Whose types the libraries' declarations name, though their code does not import them. */
const TYPES_ONLY = ['@smithy/types'];
/** Constructs must be of the consumer's own copy. */
const PEERS = ['aws-cdk-lib', 'constructs'];

rmSync(outdir, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { 'oidc-factory': 'bin/oidc-factory.ts', ...LIBRARIES },
  outdir,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  packages: 'external',
  logLevel: 'warning',
  metafile: true,
});
execFileSync(
  process.execPath,
  [
    join(root, 'node_modules/typescript/bin/tsc'),
    ...['--project', join(root, 'tsconfig.build.json')],
    ...['--outDir', join(outdir, 'types')],
  ],
  { stdio: 'inherit' },
);
writeFileSync(join(outdir, 'oidc-factory.schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
writeFileSync(join(outdir, 'package.json'), `${JSON.stringify(manifestOf(metafile), null, 2)}\n`);

/** What is installed: only what the code imports, in the versions that it was tested with. */
function manifestOf({ outputs }: Metafile): object {
  const { name, version, description, dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const versions: Record<string, string> = { ...devDependencies, ...dependencies };
  const imported = Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path, external }) => external && !isBuiltin(path))
    .map(({ path }) => /^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
  const packages = [...new Set([...imported, ...TYPES_ONLY])].sort();
  const pick = (names: readonly string[], range = '') =>
    Object.fromEntries(names.map((each) => [each, `${range}${versions[each]}`]));
  return {
    name,
    version,
    description,
    type: 'module',
    // util.diff; commander and @azure/identity ask for 22.12.
    engines: { node: '>=22.15' },
    bin: { 'oidc-factory': './oidc-factory.js' },
    exports: Object.fromEntries(
      Object.entries(LIBRARIES).map(([library, source]) => [
        `./${library}`,
        { types: `./types/${source.replace(/\.ts$/, '.d.ts')}`, default: `./${library}.js` },
      ]),
    ),
    dependencies: pick(packages.filter((each) => !PEERS.includes(each))),
    peerDependencies: pick(PEERS, '^'),
    peerDependenciesMeta: Object.fromEntries(PEERS.map((each) => [each, { optional: true }])),
  };
}
