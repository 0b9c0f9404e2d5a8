import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configFor } from '../../bin/local.ts';
import { synthesize } from '../../lib/app.ts';
import { connect } from '../../sandbox/clients.ts';
import { playMainJob } from '../../sandbox/demo.ts';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { createWorld } from '../../sandbox/world.ts';

const world = createWorld({ members: 1, region: 'eu-central-1' });
const assemblyDir = mkdtempSync(join(tmpdir(), 'oidc-factory-region-'));
let sandbox: Sandbox;
beforeAll(async () => {
  synthesize(configFor(world), assemblyDir);
  sandbox = await startSandbox({ world, assemblyDir, port: 0, timeScale: 0.05 });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(assemblyDir, { recursive: true });
});

it('serves roles from another region than the one that has the events of IAM', async () => {
  expect(sandbox.ready.aws.region).toBe('eu-central-1');
  await playMainJob(sandbox.ready, () => {});
  const { executions } = connect(sandbox.ready);
  for (const workflow of ['create-role', 'delete-role']) {
    const [execution] = await executions(workflow, 'nightly-export');
    expect(execution?.executionArn).toContain(':states:eu-central-1:');
  }
});
