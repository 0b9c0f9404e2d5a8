/** The whole factory with a client secret in Secrets Manager, for organizations that allow no federation. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configFor } from '../../bin/local.ts';
import { ENTRA_FUNCTIONS } from '../../core/naming.ts';
import { synthesize } from '../../lib/app.ts';
import { connect } from '../../sandbox/clients.ts';
import { playMainJob } from '../../sandbox/demo.ts';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { createWorld } from '../../sandbox/world.ts';

const world = createWorld({ members: 1, login: 'secret' });
const assemblyDir = mkdtempSync(join(tmpdir(), 'oidc-factory-secret-'));
let sandbox: Sandbox;
beforeAll(async () => {
  synthesize(configFor(world), assemblyDir);
  sandbox = await startSandbox({ world, assemblyDir, port: 0, timeScale: 0.05 });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(assemblyDir, { recursive: true });
});

const calls = (operation: string) => sandbox.recorder.calls().filter((call) => call.operation === operation);

describe('with a client secret', () => {
  it('the main job works, and no function asks AWS for a token', async () => {
    await playMainJob(sandbox.ready, () => {});
    const readers = new Set(calls('GetSecretValue').map(({ caller }) => caller.split('/')[1]));
    expect([...readers]).toEqual(
      expect.arrayContaining(['oidc-factory-register-application', 'oidc-factory-delete-application']),
    );
    expect(ENTRA_FUNCTIONS.map((name) => `oidc-factory-${name}`)).toEqual(
      expect.arrayContaining([...readers]),
    );
    expect(calls('GetWebIdentityToken')).toEqual([]);
    const { executions } = connect(sandbox.ready);
    expect(await executions('create-role', 'nightly-export')).toHaveLength(1);
  });

  it('outbound federation stays as it was: off', () => {
    const { outbound } = sandbox.aws.cloud.iam.accountOf(world.factoryAccountId);
    expect(outbound?.enabled).toBe(false);
  });

  it('the secret is in no call that was recorded', () => {
    const { clientSecret } = sandbox.tenant.factory;
    expect(clientSecret).toBeTruthy();
    expect(JSON.stringify(sandbox.recorder.calls())).not.toContain(clientSecret);
  });
});
