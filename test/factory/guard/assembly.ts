/** What would be deployed with the guard. */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { configFor } from '../../../bin/local.ts';
import { synthesize } from '../../../lib/app.ts';
import type { FactoryConfig } from '../../../lib/config/config.ts';
import { GuardConfigSchema } from '../../../lib/config/guard.ts';
import { createWorld } from '../../../sandbox/world.ts';

export const GUARD_ASSEMBLY = 'guard-assembly';

/** Synthesized once for each run of the tests, by whichever file comes first. */
export function guardAssembly(): string {
  const runDir = inject('runDir');
  const assembly = join(runDir, GUARD_ASSEMBLY);
  if (existsSync(assembly)) return assembly;
  const made = mkdtempSync(join(runDir, 'guard-'));
  const config: FactoryConfig = {
    ...configFor(createWorld({ members: 3 })),
    guard: GuardConfigSchema.parse({ mode: 'enforce', quarantinesPerHour: 100 }),
  };
  synthesize(config, made);
  try {
    renameSync(made, assembly);
  } catch {
    // Another file was faster.
    rmSync(made, { recursive: true, force: true });
  }
  return assembly;
}
