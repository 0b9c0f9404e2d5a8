import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../lib/app.ts';
import { parseConfig } from '../lib/config/config.ts';
import { type Sandbox, type StartOptions, startSandbox } from '../sandbox/start.ts';
import { createWorld, type World } from '../sandbox/world.ts';

/** The config under which the factory serves the sandbox's organization and tenant. */
export const configFor = (world: World) =>
  parseConfig(
    {
      organizationId: world.organizationId,
      factory: { accountId: world.factoryAccountId, region: world.region },
      entra: {
        tenantId: world.tenantId,
        factoryAppId: world.factoryAppId,
        factoryServicePrincipalId: world.factoryServicePrincipalId,
        ...(world.secretArn !== undefined && {
          login: { kind: 'secret' as const, secretArn: world.secretArn },
        }),
      },
      mode: 'enforce',
    },
    'the sandbox configuration',
  );

export interface LocalCloudOptions
  extends Pick<StartOptions, 'random' | 'objectsPerCreator' | 'onCloudTrailRecord'> {
  readonly members: number;
  /** Of the AWS endpoint; 0: any free one. */
  readonly port: number;
  readonly timeScale: number;
  readonly progress: (line: string) => void;
}

/** Synthesizes what would be deployed and starts the local cloud on it; `close` leaves nothing behind. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<Sandbox> {
  const { members, progress, ...starting } = options;
  const world = createWorld({ members });
  const assemblyDir = mkdtempSync(join(tmpdir(), 'oidc-factory-assembly-'));
  const removeAssembly = () => rmSync(assemblyDir, { recursive: true, force: true });
  try {
    progress('Bundling the functions and synthesizing the stacks …');
    synthesize(configFor(world), assemblyDir);
    progress(`Deploying to one factory account and ${members} member account${members === 1 ? '' : 's'} …`);
    const sandbox = await startSandbox({ world, assemblyDir, ...starting });
    return {
      ...sandbox,
      close: async () => {
        await sandbox.close();
        removeAssembly();
      },
    };
  } catch (error) {
    removeAssembly();
    throw error;
  }
}
