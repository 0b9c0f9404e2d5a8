/** A tenant in which nobody has prepared anything, and the command line of its administrator. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../cli/main.ts';
import { type Ran, recordedIo } from '../../cli/recorded-io.ts';
import { CONFIG } from '../../lib/stacks.ts';
import { AWS_ISSUER, addClient, startTenant, type Tenant } from '../../sandbox/entra/tenant.ts';

export interface BareTenant extends Tenant {
  /** `oidc-factory bootstrap entra` with these arguments, as the administrator or whom `env` names. */
  bootstrap(
    args?: readonly string[],
    more?: {
      readonly env?: Record<string, string>;
      readonly agrees?: boolean;
      /** It ends as if it were killed after so many steps. */
      readonly dieAfter?: number;
    },
  ): Promise<Ran>;
  /** Writes fields of `entra` and others into the config. */
  configure(entra: object, more?: object): void;
  /** An application with these permissions on Graph, as an environment for `bootstrap`. */
  administratorWith(...permissions: string[]): Promise<Record<string, string>>;
}

export async function startBareTenant(): Promise<BareTenant> {
  const tenant = await startTenant();
  const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-bootstrap-'));
  const config = join(folder, 'oidc-factory.json');
  const { factory, reservation, admin } = tenant.seeded;
  for (const id of [factory.servicePrincipalId, reservation.servicePrincipalId])
    await tenant.admin('DELETE', `/servicePrincipals/${id}`);
  for (const id of [factory.appId, reservation.appId])
    await tenant.admin('DELETE', `/applications(appId='${id}')`);

  const configure = (entra: object, more: object = {}) => {
    const { organizationId, factory: home } = CONFIG;
    const { tenantId } = CONFIG.entra;
    writeFileSync(
      config,
      JSON.stringify({ organizationId, factory: home, entra: { tenantId, ...entra }, ...more }),
    );
  };
  configure({});

  const environmentOf = (clientId: string, clientSecret: string) => ({
    AZURE_AUTHORITY_HOST: tenant.origin,
    GRAPH_ENDPOINT: tenant.origin,
    AZURE_TENANT_ID: tenant.entra.tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
  });
  const administrator = environmentOf(admin.clientId, admin.clientSecret);
  // Azure's library looks into the environment of the process too.
  process.env.AZURE_AUTHORITY_HOST = tenant.origin;

  return {
    ...tenant,
    configure,
    async bootstrap(args = ['--yes', '--json'], { env = administrator, agrees, dieAfter = Infinity } = {}) {
      const io = recordedIo({ env, ...(agrees !== undefined && { agrees }) });
      let taken = 0;
      const tell = (line: string) => {
        if (line.startsWith('done') && ++taken >= dieAfter) throw new Error('killed');
        io.tell(line);
      };
      const dying = { ...io, tell: dieAfter === Infinity ? io.tell : tell };
      const given = ['bootstrap', 'entra', '--config', config, '--outbound-issuer', AWS_ISSUER, ...args];
      await main(given, dying);
      return dying.ran();
    },
    async administratorWith(...permissions) {
      const client = await addClient(tenant, { displayName: `may ${permissions.join(' ')}` });
      const graph = await tenant.admin(
        'GET',
        "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')",
      );
      for (const permission of permissions) {
        const role = graph.body.appRoles.find(({ value }: { value: string }) => value === permission);
        await tenant.admin('POST', `/servicePrincipals/${client.servicePrincipalId}/appRoleAssignments`, {
          principalId: client.servicePrincipalId,
          resourceId: graph.body.id,
          appRoleId: role.id,
        });
      }
      return environmentOf(client.appId, client.secret);
    },
    async close() {
      await tenant.close();
      delete process.env.AZURE_AUTHORITY_HOST;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
