#!/usr/bin/env node
/** The CDK app. `OIDC_FACTORY_CONFIG` names the config file; default oidc-factory.json, else the example. */
import { existsSync } from 'node:fs';
import { synthesize } from '../lib/app.ts';
import { ConfigError, loadConfig } from '../lib/config/config.ts';

const file =
  process.env.OIDC_FACTORY_CONFIG ??
  (existsSync('oidc-factory.json') ? 'oidc-factory.json' : 'oidc-factory.example.json');
try {
  const assembly = synthesize(loadConfig(file), process.env.CDK_OUTDIR ?? 'cdk.out');
  console.error(`Synthesized ${assembly.stacks.map((stack) => stack.stackName).join(', ')} from ${file}`);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
