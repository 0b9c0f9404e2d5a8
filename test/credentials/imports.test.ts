import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

describe('the library that workloads import', () => {
  let inputs: Metafile['inputs'];
  beforeAll(async () => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: ['credentials/index.ts'],
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      metafile: true,
      write: false,
    });
    inputs = metafile.inputs;
  });

  it('is made of itself and of the core', () => {
    const folders = Object.keys(inputs).map((file) => file.split('/')[0]);
    expect(new Set(folders)).toEqual(new Set(['credentials', 'core']));
  });

  it('imports two packages, and those only when a session is asked for', () => {
    const outside = Object.values(inputs)
      .flatMap(({ imports }) => imports)
      .filter(({ external, path }) => external && !path.startsWith('node:'));
    expect(outside.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
      'dynamic-import @aws-sdk/client-sts',
      'dynamic-import @azure/identity',
    ]);
  });

  it('gives what it promises, and nothing else', async () => {
    expect(Object.keys(await import('../../credentials/index.ts'))).toEqual([
      'CredentialsError',
      'fromEntra',
    ]);
  });
});
