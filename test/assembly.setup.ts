/** Synthesizes once, for every test that runs what would be deployed. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { configFor } from '../bin/local.ts';
import { synthesize } from '../lib/app.ts';
import { createWorld } from '../sandbox/world.ts';
import { policyUseDir } from './least-privilege/used-actions.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of this run of the tests; exists only where a test needs an assembly. */
    runDir: string;
    assemblyDir: string;
  }
}

export default function setup(project: TestProject): () => void {
  const { runDir } = project.getProvidedContext();
  mkdirSync(runDir, { mode: 0o700 });
  mkdirSync(policyUseDir(runDir));
  const assemblyDir = join(runDir, 'assembly');
  synthesize(configFor(createWorld({ members: 3 })), assemblyDir);
  project.provide('assemblyDir', assemblyDir);
  return () => rmSync(runDir, { recursive: true, force: true });
}
