/** What the documents tell people to type exists: every command of ours, with every option. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../cli/recorded-io.ts';
import { codeLines, DOCUMENTS, ROOT } from './documents.ts';

interface Typed {
  readonly words: readonly string[];
  readonly options: readonly string[];
}

/** `oidc-factory …` in blocks and spans of code, up to what the shell makes of it. */
const typedIn = (markdown: string): Typed[] =>
  [
    ...codeLines(markdown),
    ...[...markdown.matchAll(/`(oidc-factory [^`\n]+)`/g)].map(([, span = '']) => span),
  ].flatMap((line) =>
    [...line.matchAll(/(?:^|[|;&=] ?|\$\()oidc-factory ((?:[^|;&)\\]|\\.)*)/g)].map(([, typed = '']) => ({
      words: /^((?:[a-z]+ ?)*)/.exec(typed)?.[1]?.trim().split(' ') ?? [],
      options: [...typed.matchAll(/(?<=^| )--[a-z-]+/g)].map(([option]) => option),
    })),
  );

/** The help of a command and, where it has them, of its subcommands. */
async function helpFor(words: readonly string[]): Promise<string> {
  const { stdout, exitCode } = await run([...words, '--help']);
  return exitCode === 0 ? stdout : '';
}

const WITH_COMMANDS = DOCUMENTS.map(
  (document) => [document, typedIn(readFileSync(join(ROOT, document), 'utf8'))] as const,
).filter(([, typed]) => typed.length > 0);

describe.each(WITH_COMMANDS)('%s', (_, typed) => {
  it('names commands and options that there are', async () => {
    const unknown = await Promise.all(
      typed.map(async ({ words, options }) => {
        const help = await helpFor(words);
        if (help === '') return [`oidc-factory ${words.join(' ')}`];
        return options
          .filter((option) => !new RegExp(`${option}(?![\\w-])`).test(help))
          .map((option) => `oidc-factory ${words.join(' ')} ${option}`);
      }),
    );
    expect(unknown.flat()).toEqual([]);
  });
});
