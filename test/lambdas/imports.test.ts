import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const importsOf = (file: string) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/from '([^']+)'/g)].map(
    ([, specifier = '']) => specifier,
  );

describe('the sources of the functions', () => {
  it.each(globSync('lambdas/**/*.ts', { cwd: root }))(
    '%s imports nothing of ours but lambdas and core',
    (file) => {
      const folders = importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => relative(root, join(root, file, '..', specifier)).split('/')[0]);
      expect(folders.filter((folder) => folder !== 'lambdas' && folder !== 'core')).toEqual([]);
    },
  );
});
