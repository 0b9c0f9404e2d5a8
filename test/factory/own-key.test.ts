/** A factory with a key of its own, deployed: everything takes the key, and the main job is done. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { configFor } from '../../bin/local.ts';
import { synthesize } from '../../lib/app.ts';
import { createWorld } from '../../sandbox/world.ts';
import { createRole, placeholderOf, roleWithStatus, trustOn, useFactory } from './harness.ts';

const assemblyDir = join(inject('runDir'), 'own-key');
beforeAll(() => {
  synthesize({ ...configFor(createWorld({ members: 1 })), encryption: 'customer' }, assemblyDir);
});
afterAll(() => rmSync(assemblyDir, { recursive: true, force: true }));

const factory = useFactory({ assemblyDir: () => assemblyDir, showsNeed: false });

it('serves a role', async () => {
  const { member } = factory();
  await createRole(member, 'deploy', trustOn(member, { aud: placeholderOf(factory()) }));
  const { tags } = await roleWithStatus(member, 'deploy', 'ready');
  expect(tags).toHaveProperty('oidc-factory:client-id');
});
