/** Follows a guide of docs/ in the local cloud: its blocks, in their order, in one shell. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../docs/documents.ts';
import { AWS_TOOLS } from './aws-tools.ts';

const run = promisify(execFile);

/**
 * The blocks of a guide, or of those of its parts whose headings begin so, with `<what is to be filled in>` filled in.
 * Fails where there is no answer.
 */
export function scriptOf(
  guide: string,
  answers: Readonly<Record<string, string>>,
  headings: readonly string[] = [''],
): string {
  const parts = readFileSync(join(ROOT, 'docs', guide), 'utf8').split(/^## /m);
  const text = parts.filter((part) => headings.some((heading) => part.startsWith(heading))).join('');
  const blocks = [...text.matchAll(/^```\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.join('\n').replaceAll(/<([^<>\n]+)>/g, (_, what: string) => {
    const answer = answers[what];
    if (answer === undefined) throw new Error(`${guide} asks for <${what}>`);
    return answer;
  });
}

/** Guides need the AWS CLI: without it their tests are skipped, and say so. */
export async function skipWithoutAwsCli(skip: (reason: string) => void): Promise<void> {
  if ((await AWS_TOOLS[0]?.version()) !== undefined) return;
  const reason = 'The AWS CLI is not installed on this machine';
  // Reporters count what is skipped, but not all of them say why.
  console.warn(reason);
  skip(reason);
}

/** Runs the script in `folder` and stops at the first command that fails. Resolves with what it printed. */
export async function follow(script: string, folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const executable = (name: string, text: string) => writeFileSync(join(bin, name), text, { mode: 0o755 });
  const node = JSON.stringify(process.execPath);
  executable(
    'oidc-factory',
    `#!/bin/sh\nexec ${node} ${JSON.stringify(join(ROOT, 'bin/oidc-factory.ts'))} "$@"\n`,
  );
  executable(
    'az',
    `#!/bin/sh\nexec ${node} ${JSON.stringify(join(import.meta.dirname, 'azure-cli.ts'))} "$@"\n`,
  );
  const { stdout } = await run('bash', ['-eo', 'pipefail', '-c', script], {
    cwd: folder,
    // The first version of the AWS CLI knows the region under this name alone.
    env: { ...env, AWS_DEFAULT_REGION: env.AWS_REGION, PATH: `${bin}:${env.PATH}` },
    timeout: 180_000,
  });
  return stdout;
}
