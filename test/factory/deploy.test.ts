/** docs/deploy.md, followed literally from the first member account to the first role and its end. Needs the AWS CLI. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { configFor } from '../../bin/local.ts';
import { useCommandLine } from './cli/command-line.ts';
import { follow, scriptOf, skipWithoutAwsCli } from './guide.ts';
import { madeInEntra, useFactory } from './harness.ts';

const TEST_ACCOUNT = '555566667777';
const factory = useFactory();
useCommandLine(factory, async () => ({ test: factory().sandbox.openAccount(TEST_ACCOUNT) }));
const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('brings the first role of a new account, and removes it', { timeout: 240_000 }, async ({ skip }) => {
  await skipWithoutAwsCli(skip);
  const { world, ready } = factory().sandbox;
  writeFileSync(join(folder, 'oidc-factory.json'), JSON.stringify(configFor(world)));
  const answers = { 'test account': TEST_ACCOUNT, tenant: world.tenantId, 'IAM region': 'us-east-1' };
  const printed = await follow(
    scriptOf('deploy.md', answers, ['5. One member account', '6. The first role']),
    folder,
    { ...process.env, NODE_EXTRA_CA_CERTS: ready.entra.caFile },
  );
  expect(printed).toContain('ready: The role trusts its application');
  expect(printed).toContain('credential_process = oidc-factory credentials');
  await expect.poll(() => madeInEntra(factory()), { timeout: 60_000 }).toEqual([]);
});
