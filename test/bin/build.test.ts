/** The package as it is installed: below node_modules, where Node strips no types. */
import { execFile } from 'node:child_process';
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../lib/config/config.ts';
import { memberTemplate } from '../../lib/member-template.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
let consumer: string;
let installed: string;
let manifest: { bin: Record<string, string>; dependencies: object; peerDependencies: object };
beforeAll(async () => {
  consumer = mkdtempSync(join(tmpdir(), 'oidc-factory-build-'));
  installed = join(consumer, 'node_modules', 'oidc-factory');
  mkdirSync(installed, { recursive: true });
  await run(process.execPath, [join(root, 'bin/build.ts'), installed]);
  manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '.bin') symlinkSync(join(root, 'node_modules', name), join(consumer, 'node_modules', name));
  }
});
afterAll(() => rmSync(consumer, { recursive: true, force: true }));

const node = (...args: string[]) => run(process.execPath, args, { cwd: consumer });
const write = (name: string, text: string) => writeFileSync(join(consumer, name), text);

describe('the built package', () => {
  it('has the command line', async () => {
    const command = join(installed, manifest.bin['oidc-factory'] ?? '');
    expect((await node(command, '--help')).stdout).toContain('credentials');
    expect((await node(command, 'credentials', '--help')).stdout).toContain('--role-arn');
  });

  it("has the config's schema, for editors", () => {
    const { properties } = JSON.parse(readFileSync(join(installed, 'oidc-factory.schema.json'), 'utf8'));
    expect(properties.prefix.description).toContain('Default oidc-factory');
  });

  it('exports templates with the CDK that is installed beside it, and says so where there is none', async () => {
    const config = join(root, 'oidc-factory.example.json');
    const command = join(installed, manifest.bin['oidc-factory'] ?? '');
    const exported = () =>
      node(command, 'export', '--format', 'cloudformation', '--config', config, '--out', '-');
    expect((await exported()).stdout.trim()).toBe(memberTemplate(loadConfig(config)));

    const cdk = join(consumer, 'node_modules', 'aws-cdk-lib');
    unlinkSync(cdk);
    await expect(exported()).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npm install aws-cdk-lib constructs'),
    });
    symlinkSync(join(root, 'node_modules', 'aws-cdk-lib'), cdk);
  });

  it('has the library, with types under the strictest of compilers', async () => {
    write(
      'workload.ts',
      `import { STSClient } from '@aws-sdk/client-sts';
      import { CredentialsError, fromEntra, type FromEntraOptions, type MistakeCode } from 'oidc-factory/credentials';
      const options: FromEntraOptions = { roleArn: 'arn:aws:iam::111122223333:role/x', audience: 'api://x' };
      export const sts = new STSClient({ credentials: fromEntra({ ...options, credential: 'federated' }) });
      export const codeOf = (error: CredentialsError): MistakeCode => error.code;
      // @ts-expect-error: there is no such login
      fromEntra({ ...options, credential: 'password' });
      console.log(typeof fromEntra, new CredentialsError('StsUnavailable').retryable);`,
    );
    const strict = ['--strict', '--skipLibCheck', 'false', '--exactOptionalPropertyTypes'];
    const where = ['--module', 'nodenext', '--target', 'es2022', '--types', 'node', '--noEmit'];
    await node(join(root, 'node_modules/typescript/bin/tsc'), ...strict, ...where, 'workload.ts');

    write(
      'workload.mjs',
      "import * as library from 'oidc-factory/credentials'; console.log(Object.keys(library));",
    );
    expect((await node('workload.mjs')).stdout).toContain("[ 'CredentialsError', 'fromEntra' ]");
  });

  it('declares exactly the packages that it imports, each in a version', async () => {
    const { metafile } = await build({
      entryPoints: globSync('**/*.js', { cwd: installed }).map((file) => join(installed, file)),
      outdir: join(consumer, 'bundle'),
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      metafile: true,
      write: false,
    });
    const inCode = Object.values(metafile.inputs)
      .flatMap(({ imports }) => imports)
      .filter(({ external }) => external)
      .map(({ path }) => path);
    const inTypes = globSync('**/*.d.ts', { cwd: installed }).flatMap((file) =>
      [
        ...readFileSync(join(installed, file), 'utf8').matchAll(/\b(?:from |import\()['"]([^.'"][^'"]*)/g),
      ].map(([, specifier = '']) => specifier),
    );
    const packages = [...inCode, ...inTypes]
      .filter((specifier) => !isBuiltin(specifier))
      .map((specifier) =>
        specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
    expect(Object.keys(declared).sort()).toEqual([...new Set(packages)].sort());
    for (const version of Object.values(declared)) expect(version).toMatch(/^\^?\d+\.\d+\.\d+$/);
  });
});
