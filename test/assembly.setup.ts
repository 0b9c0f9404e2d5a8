/** Synthesizes once, for every test that runs what would be deployed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { configFor } from '../bin/local.ts';
import { synthesize } from '../lib/app.ts';
import { createWorld } from '../sandbox/world.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    assemblyDir: string;
  }
}

export default function setup(project: TestProject): () => void {
  const assemblyDir = mkdtempSync(join(tmpdir(), 'oidc-factory-test-'));
  synthesize(configFor(createWorld({ members: 3 })), assemblyDir);
  project.provide('assemblyDir', assemblyDir);
  return () => rmSync(assemblyDir, { recursive: true, force: true });
}
