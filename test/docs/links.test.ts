/** Links between the documents lead somewhere: to a file that is there, and to a heading that it has. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS, ROOT, withoutCode } from './documents.ts';

/** As GitHub makes them of headings: letters, digits, `-` and `_` remain; the second of its name gets `-1`. */
function anchorsOf(markdown: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = [...withoutCode(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, text = '']) => text);
  return new Set(
    headings.map((heading) => {
      const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const slug = text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
      const count = seen.get(slug) ?? 0;
      seen.set(slug, count + 1);
      return count === 0 ? slug : `${slug}-${count}`;
    }),
  );
}

const linksIn = (markdown: string): string[] =>
  [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

/** What is wrong with a link; undefined where it leads somewhere, or out of the repository. */
function brokenBy(target: string, from: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? from : join(dirname(from), path);
  if (relative(ROOT, file).startsWith('..')) return `${target} leads out of the repository`;
  if (!existsSync(file)) return `${target}: there is no such file`;
  if (anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).has(anchor)) return undefined;
  return `${target}: there is no such heading`;
}

describe.each(DOCUMENTS)('%s', (document) => {
  const file = join(ROOT, document);

  it('links to what is there', () => {
    const links = linksIn(readFileSync(file, 'utf8'));
    expect(links.flatMap((target) => brokenBy(target, file) ?? [])).toEqual([]);
  });
});

it('README leads to every guide', () => {
  const linked = linksIn(readFileSync(join(ROOT, 'README.md'), 'utf8')).map((target) => target.split('#')[0]);
  const guides = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  expect(guides.filter((name) => !linked.includes(`docs/${name}`))).toEqual([]);
});
