#!/usr/bin/env node
/**
 * The static checks of what would be deployed: templates (cdk-nag, CDK's own validation), workflow definitions, and
 * that the README names the config's fields. Exit codes: 0 nothing found, 1 findings, one line each.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { synthesize, warningsOf } from '../lib/app.ts';
import { type FactoryConfig, loadConfig } from '../lib/config/config.ts';
import { GuardConfigSchema } from '../lib/config/guard.ts';
import { configJsonSchema } from '../lib/config/json-schema.ts';
import { parseDefinition } from '../sandbox/asl/parse-definition.ts';

const root = join(import.meta.dirname, '..');
const CONFIG = 'oidc-factory.example.json';

/** Findings by what was checked. */
type Findings = readonly (readonly [what: string, found: readonly string[]])[];

function checkAll(): Findings {
  const outdir = mkdtempSync(join(tmpdir(), 'oidc-factory-check-'));
  const config = loadConfig(join(root, CONFIG));
  try {
    return [
      [`templates of ${CONFIG}: cdk-nag AwsSolutions, CDK's validation`, synthesized(config, outdir)],
      [
        'templates with the guard: the same',
        synthesized({ ...config, guard: GuardConfigSchema.parse({}) }, join(outdir, 'guard')),
      ],
      ...definitionsIn(outdir).flatMap(
        ([name, definition]): Findings => [
          [`workflow ${name}: asl-validator`, validated(definition)],
          [`workflow ${name}: the local interpreter`, thrown(() => parseDefinition(definition))],
        ],
      ),
      ['README: the fields of the config', fieldsNotInReadme()],
    ];
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** What fails the synth, and what it warns of. */
function synthesized(config: FactoryConfig, outdir: string): string[] {
  const warnings: string[] = [];
  const failures = thrown(() => warnings.push(...warningsOf(synthesize(config, outdir))));
  return [...failures, ...warnings];
}

function thrown(check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

interface StateMachine {
  readonly Type: string;
  readonly Properties: { readonly StateMachineName: string; readonly DefinitionString: string };
}

/** Name and definition of every workflow in the templates, its placeholders filled in. */
const definitionsIn = (outdir: string): [string, string][] =>
  readdirSync(outdir)
    .filter((file) => file.endsWith('.template.json'))
    .flatMap((file): StateMachine[] =>
      Object.values(JSON.parse(readFileSync(join(outdir, file), 'utf8')).Resources),
    )
    .filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')
    .map(({ Properties: { StateMachineName, DefinitionString } }) => [
      StateMachineName,
      DefinitionString.replace(/\$\{Partition\}/g, 'aws').replace(
        /\$\{\w+Arn\}/g,
        'arn:aws:lambda:us-east-1:111122223333:function:any',
      ),
    ]);

/** The package has no types. */
const validate = createRequire(import.meta.url)('asl-validator') as (definition: object) => {
  readonly isValid: boolean;
  readonly errorsText: () => string;
};

function validated(definition: string): string[] {
  const { isValid, errorsText } = validate(JSON.parse(definition));
  return isValid ? [] : [errorsText()];
}

function fieldsNotInReadme(): readonly string[] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, table = ''] = /\| field of the config \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(readme) ?? [];
  const described = table.split('\n').flatMap((row) => (row.split('|')[1] ?? '').match(/[\w.]+/g) ?? []);
  const fields = fieldsOf(configJsonSchema());
  return [
    ...fields.filter((field) => !described.includes(field)).map((field) => `${field} is not described`),
    ...described.filter((field) => !fields.includes(field)).map((field) => `${field} does not exist`),
  ];
}

/** Dotted names of the fields; one of several shapes counts as one field. */
const fieldsOf = ({ properties = {} }: z.core.JSONSchema.BaseSchema, above = ''): string[] =>
  Object.entries(properties).flatMap(([name, schema]) => {
    if (name === '$schema' || typeof schema === 'boolean') return [];
    const field = `${above}${name}`;
    return schema.properties ? fieldsOf(schema, `${field}.`) : [field];
  });

for (const [what, found] of checkAll()) {
  console.log(`${found.length === 0 ? 'ok  ' : 'FAIL'}  ${what}`);
  for (const finding of found) console.log(`      ${finding}`);
  if (found.length > 0) process.exitCode = 1;
}
