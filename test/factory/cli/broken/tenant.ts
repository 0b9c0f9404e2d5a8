/** Mistakes in Entra: on a role's application, and on the factory's own. */
import { readFileSync } from 'node:fs';
import type { Broken, Lab, Served, SetUps } from './lab.ts';

const applicationOf = ({ clientId }: Served) => `/applications(appId='${clientId}')`;
const principalOf = ({ clientId }: Served) => `/servicePrincipals(appId='${clientId}')`;

/** A served role with one property of an object in Entra changed, until it is changed back. */
async function changed(
  lab: Lab,
  role: Served,
  change: { path: string; wrong: object; right: object },
  workload = role.workload,
): Promise<Broken> {
  await lab.graph('PATCH', change.path, change.wrong);
  return {
    role: () => role,
    workload: () => lab.enter(workload),
    mend: () => lab.graph('PATCH', change.path, change.right),
  };
}

export const tenantSetUps: SetUps = {
  async ClientDisabled(lab) {
    const role = await lab.served(0, 'disabled-client');
    const [wrong, right] = [{ accountEnabled: false }, { accountEnabled: true }];
    return changed(lab, role, { path: principalOf(role), wrong, right });
  },

  async AudienceDisabled(lab) {
    const identity = lab.identity('visitor');
    const role = await lab.served(0, 'disabled-audience', identity.objectId);
    const [wrong, right] = [{ accountEnabled: false }, { accountEnabled: true }];
    const visitor = { ...role.workload, env: { AZURE_CLIENT_ID: identity.clientId } };
    return changed(lab, role, { path: principalOf(role), wrong, right }, visitor);
  },

  async CallerNotAssigned(lab) {
    const role = await lab.served(0, 'assignment-required');
    const [wrong, right] = [true, false].map((required) => ({ appRoleAssignmentRequired: required }));
    return changed(lab, role, { path: principalOf(role), wrong: wrong ?? {}, right: right ?? {} });
  },

  async TokenVersionMismatch(lab) {
    const role = await lab.served(0, 'version-two');
    const version = (requestedAccessTokenVersion: number) => ({ api: { requestedAccessTokenVersion } });
    return changed(lab, role, { path: applicationOf(role), wrong: version(2), right: version(1) });
  },

  async ApplicationChanged(lab) {
    const role = await lab.served(0, 'without-uri');
    const right = { identifierUris: [role.audience] };
    return changed(lab, role, { path: applicationOf(role), wrong: { identifierUris: [] }, right });
  },

  async ApplicationMissing(lab) {
    const role = await lab.served(0, 'without-application');
    const { id } = await lab.graph('GET', `${applicationOf(role)}?$select=id`);
    await lab.graph('DELETE', `/servicePrincipals/${role.principalId}`);
    await lab.graph('DELETE', `/applications/${id}`);
    return {
      role: () => role,
      workload: () => lab.enter(role.workload),
      mend: async () => {
        for (const one of [id, role.principalId]) {
          await lab.graph('POST', `/directory/deletedItems/${one}/restore`);
        }
      },
    };
  },

  async FactoryApplicationMissing(lab) {
    const role = await lab.create(0, 'by-another-config');
    const config = JSON.parse(readFileSync(lab.command.config, 'utf8'));
    const entra = { ...config.entra, factoryServicePrincipalId: lab.factory.sandbox.tenant.factory.objectId };
    let file = lab.command.file('wrong.json', JSON.stringify({ ...config, entra }));
    return {
      role: () => role,
      config: () => file,
      mend: async () => {
        file = lab.command.config;
      },
    };
  },
};
