/** How large the functions are, and what they consist of. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import {
  type AnyFunctionName,
  ENTRA_FUNCTIONS,
  FUNCTION_NAMES,
  GUARD_FUNCTION,
  NOTIFY_FUNCTION,
  OUTBOUND_FUNCTION,
} from '../core/naming.ts';
import { buildFunctions } from '../lib/bundling.ts';
import { bounded, type Section, table } from './figures.ts';
import { rounded } from './statistics.ts';

export interface BundleSize {
  readonly name: AnyFunctionName;
  /** Which bounds are its own: the same with `-zipped`. */
  readonly bound: 'bundle' | 'bundle-entra' | 'bundle-behind';
  /** Of 1000 bytes: minified, and compressed as it is uploaded. */
  readonly kB: number;
  readonly zippedKB: number;
  /** What it consists of in kB, by package or folder, largest first. */
  readonly parts: readonly (readonly [part: string, kB: number])[];
}

const NAMES = [...FUNCTION_NAMES, NOTIFY_FUNCTION, GUARD_FUNCTION, OUTBOUND_FUNCTION] as const;
const ENTRA: ReadonlySet<string> = new Set(ENTRA_FUNCTIONS);

/** Nobody waits for these, and each has a whole account's decisions in it: the linter's, the planner's. */
const BEHIND: ReadonlySet<string> = new Set([GUARD_FUNCTION, 'sweep-account'] satisfies AnyFunctionName[]);

function boundOf(name: string): BundleSize['bound'] {
  if (BEHIND.has(name)) return 'bundle-behind';
  return ENTRA.has(name) ? 'bundle-entra' : 'bundle';
}

/** Bundles every function as it would be deployed, the guard's too. */
export function measureBundles(): BundleSize[] {
  const outdir = mkdtempSync(join(tmpdir(), 'oidc-factory-bundles-'));
  try {
    const { outputs } = buildFunctions(outdir, NAMES);
    return NAMES.map((name) => {
      const [, output] = Object.entries(outputs).find(([file]) => file.endsWith(`${name}/index.js`)) ?? [];
      if (!output) throw new Error(`${name} was not bundled`);
      const code = readFileSync(join(outdir, name, 'index.js'));
      return {
        name,
        bound: boundOf(name),
        kB: kilobytes(code.length),
        zippedKB: kilobytes(deflateRawSync(code).length),
        parts: partsOf(output.inputs),
      };
    });
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function partsOf(inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>): BundleSize['parts'] {
  const parts = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const part = partOf(file);
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
  }
  return [...parts]
    .sort(([, one], [, other]) => other - one)
    .map(([part, bytes]) => [part, kilobytes(bytes)] as const);
}

/** The innermost package; of our own files the folder. */
const partOf = (file: string): string =>
  /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? (file.split('/')[0] as string);

const kilobytes = (bytes: number): number => Math.round(bytes / 100) / 10;

export function bundleSection(): Section {
  const sizes = measureBundles();
  const figures = (['bundle', 'bundle-entra', 'bundle-behind'] as const).flatMap((name) => {
    const own = sizes.filter(({ bound }) => bound === name);
    return [
      bounded(name, Math.max(...own.map(({ kB }) => kB))),
      bounded(`${name}-zipped`, Math.max(...own.map(({ zippedKB }) => zippedKB))),
    ];
  });
  return {
    title: 'Bundles',
    figures,
    table: table([
      ['function', 'kB', 'zipped', 'largest parts, kB'],
      ...sizes.map(({ name, kB, zippedKB, parts }) => [
        name,
        kB,
        zippedKB,
        parts
          .slice(0, 6)
          .map(([part, size]) => `${part} ${rounded(size, 2)}`)
          .join(', '),
      ]),
    ]),
    details: sizes,
  };
}
