import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type FactoryConfig } from '../../lib/config/config.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { configFrom } from '../settings.ts';
import { type Exported, type ExportedFile, guardrails, withTemplate } from './files.ts';
import type { ExportOptions } from './formats.ts';

export async function runExport(io: Io, { format, config: file, out, json }: ExportOptions): Promise<void> {
  const { files, next } = await exported(format, configFrom(file));
  if (out === '-') {
    io.out(onlyOne(files, json).content);
    return;
  }
  const paths = files.map((each) => written(out, each));
  if (json) io.out(JSON.stringify({ format, files: paths }));
  else for (const path of paths) io.out(path);
  io.tell(next);
}

const exported = async (format: ExportOptions['format'], config: FactoryConfig): Promise<Exported> =>
  format === 'scp' || format === 'rcp'
    ? guardrails(format, config)
    : withTemplate(format, config, await synthesized(config));

async function synthesized(config: FactoryConfig): Promise<string> {
  try {
    const { memberTemplate } = await import('../../lib/member-template.ts');
    return memberTemplate(config);
  } catch (cause) {
    if (cause instanceof ConfigError) {
      throw new CommandFailure('usage', 'InvalidConfig', cause.message, { cause });
    }
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !/'(aws-cdk-lib|constructs)['/]/.test(message)) throw cause;
    throw new CommandFailure('usage', 'CdkNotInstalled', 'The template is made by the AWS CDK', {
      remedy: 'Install it beside this program: npm install aws-cdk-lib constructs',
      cause,
    });
  }
}

function onlyOne(files: readonly ExportedFile[], json: true | undefined): ExportedFile {
  const [file, ...others] = files;
  if (file && others.length === 0 && !json) return file;
  const names = files.map(({ name }) => name).join(', ');
  throw new CommandFailure(
    'usage',
    'InvalidInput',
    `Expected a folder to write to, for standard output takes one file and no --json: ${names}`,
  );
}

function written(folder: string, { name, content }: ExportedFile): string {
  const path = join(folder, name);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, content);
    return path;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandFailure('usage', 'InvalidInput', `${path} cannot be written (${code})`, { cause });
  }
}
