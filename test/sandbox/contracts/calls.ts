/** Calls of the adapters, each with what it needs made ready: for tests that break one of them. */
import { randomInt, randomUUID } from 'node:crypto';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { expect } from 'vitest';
import type { DesiredApplication } from '../../../core/application.ts';
import { credentialOf } from '../../../core/federated-credentials.ts';
import {
  accountId,
  audience,
  type ExecutionArn,
  eventId,
  providerArn,
  roleId,
  roleName,
} from '../../../core/ids.ts';
import type { LedgerEntry } from '../../../core/ledger-entry.ts';
import { MARK_KEY, pendingTags } from '../../../core/tags.ts';
import { ENTRY, executionOf } from '../../lambdas/entries.ts';
import { directoryOf, type Started } from './adapters.ts';

/** A call made ready, and what is to come of it. */
export interface Made {
  readonly act: () => Promise<unknown>;
  /** What `act` gives: a value, or the code with which it fails. */
  readonly gives: unknown;
  /** The same where the call was made but its answer lost, so that it is made twice. Default `gives`. */
  readonly givesAfterLoss?: unknown;
  /** What is there afterwards, with any fault. */
  readonly shows?: () => Promise<unknown>;
  readonly as?: unknown;
}
export type Make = (on: Started) => Promise<Made>;

async function newRole({ member, adapters }: Started) {
  const name = roleName(`Faults-${randomInt(2 ** 40)}`);
  const document = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
  };
  const AssumeRolePolicyDocument = JSON.stringify(document);
  await member.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  const target = { accountId: accountId(member.accountId), roleName: name };
  const inspect = await adapters.accounts.inspect(target);
  const role = await inspect.getRole(name);
  if (!role) throw new Error('There is no role');
  return { target, role, inspect, provider: providerArn(member.providerArn) };
}

async function newMarkedRole(on: Started) {
  const made = await newRole(on);
  const { role, target, provider } = made;
  await made.inspect.tagRole(role.roleName, pendingTags(role.roleId));
  const { accountId: account } = target;
  const { roleArn, roleId: id } = role;
  const access = { accountId: account, roleArn, roleId: id, providerArn: provider };
  return { ...made, trust: await on.adapters.accounts.trust(access) };
}

const CREDENTIAL = credentialOf(
  { issuer: 'https://gitlab.com', subject: 'project_path:example/app:ref_type:branch:ref:main' },
  { cloud: 'public' },
);

const newAudience = () => audience(`api://faults/${randomInt(2 ** 40)}`);

const providerAccess = ({ member, adapters }: Started) =>
  adapters.accounts.provider({
    accountId: accountId(member.accountId),
    providerArn: providerArn(member.providerArn),
  });

/** Owned by an execution. */
export const newEntry = (): LedgerEntry & { owner: ExecutionArn } => ({
  ...ENTRY,
  roleName: roleName(`Faults-${randomInt(2 ** 40)}`),
  owner: executionOf('faults'),
  leaseUntil: '2026-11-20T10:10:00.000Z',
  version: 1,
});

/** Of delete-role, for an incarnation that the ledger does not know. */
const newRemoval = () => ({
  accountId: ENTRY.accountId,
  roleName: roleName('unknown'),
  roleId: roleId('AROA0000000000UNKNOWN'),
  eventId: eventId(randomUUID()),
  deletedAt: null,
});

const newDesired = ({ adapters }: Started): DesiredApplication => ({
  uniqueName: `oidc-factory-faults-${randomUUID()}`,
  displayName: 'aws-111122223333-faults',
  notes: 'Made by a test',
  tags: [],
  signInAudience: 'AzureADMyOrg',
  tokenVersion: 1,
  ownerId: adapters.settings.factoryServicePrincipalId,
});

async function newApplication(on: Started) {
  const desired = newDesired(on);
  const application = await on.adapters.directory.createApplication(desired);
  if (!application) throw new Error('The name is taken');
  return { ...application, uniqueName: desired.uniqueName };
}

/** By service and operation. */
export const CALLS: Readonly<Record<string, Make>> = {
  'sts AssumeRole': async (on) => {
    const { role, target } = await newRole(on);
    return {
      act: async () => (await on.adapters.accounts.inspect(target)).getRole(role.roleName),
      gives: role,
    };
  },
  'iam GetRole': async (on) => {
    const { role, inspect } = await newRole(on);
    return { act: () => inspect.getRole(role.roleName), gives: role };
  },
  'iam GetOpenIDConnectProvider': async (on) => {
    const { inspect, provider } = await newRole(on);
    return {
      act: () => inspect.getProvider(provider),
      gives: expect.objectContaining({ providerArn: provider }),
    };
  },
  'iam TagRole': async (on) => {
    const { role, inspect } = await newRole(on);
    return {
      act: () => inspect.tagRole(role.roleName, pendingTags(role.roleId)),
      gives: undefined,
      shows: async () => (await inspect.getRole(role.roleName))?.tags[MARK_KEY],
      as: role.roleId,
    };
  },
  'iam UpdateAssumeRolePolicy': async (on) => {
    const { role, inspect, trust } = await newMarkedRole(on);
    const document = role.trustPolicy.replace('sts:AssumeRole', 'sts:TagSession');
    return {
      act: () => trust.updateTrustPolicy(role.roleName, document),
      gives: undefined,
      shows: async () => (await inspect.getRole(role.roleName))?.trustPolicy,
      as: document,
    };
  },
  'iam AddClientIDToOpenIDConnectProvider': async (on) => {
    const access = await providerAccess(on);
    const added = newAudience();
    return {
      act: () => access.addAudience(providerArn(on.member.providerArn), added),
      gives: undefined,
      shows: async () => (await on.member.audiences()).filter((listed) => listed === added),
      as: [added],
    };
  },
  'iam RemoveClientIDFromOpenIDConnectProvider': async (on) => {
    const access = await providerAccess(on);
    const removed = newAudience();
    await access.addAudience(providerArn(on.member.providerArn), removed);
    return {
      act: () => access.removeAudience(providerArn(on.member.providerArn), removed),
      gives: undefined,
      shows: async () => (await on.member.audiences()).includes(removed),
      as: false,
    };
  },
  'dynamodb PutItem': async ({ adapters: { ledger } }) => {
    const entry = newEntry();
    return {
      act: () => ledger.write(entry, undefined),
      gives: undefined,
      // The second one meets the first: what it was based on is not there any more.
      givesAfterLoss: 'LedgerConflict',
      shows: () => ledger.read(entry),
      as: entry,
    };
  },
  'dynamodb TransactWriteItems': async ({ adapters: { ledger } }) => {
    const entry = newEntry();
    const hour = new Date(randomInt(2 ** 40)).toISOString();
    const place = { of: 'creations', hour, most: 2 } as const;
    return {
      act: () => ledger.write(entry, undefined, place),
      gives: undefined,
      shows: async () => {
        // The other of the two places is left: a repetition takes none.
        await ledger.write(newEntry(), undefined, place);
        return ledger.read(entry);
      },
      as: entry,
    };
  },
  'dynamodb GetItem': async ({ adapters: { ledger } }) => {
    const entry = newEntry();
    await ledger.write(entry, undefined);
    return { act: () => ledger.read(entry), gives: entry };
  },
  'dynamodb Query': async ({ adapters: { ledger } }) => {
    const entry = newEntry();
    await ledger.write(entry, undefined);
    return { act: () => ledger.incarnations(entry.accountId, entry.roleName), gives: [entry] };
  },
  'states StartExecution': async ({ adapters: { executions } }) => {
    const name = randomUUID();
    return {
      act: () => executions.start('delete-role', name, newRemoval()),
      // Where it has ended before it is started again, the dispatcher asks whether it is done.
      gives: expect.stringMatching(/^(started|exists)$/),
      shows: () => executions.isDoneOrRunning('delete-role', name),
      as: true,
    };
  },
  'states DescribeExecution': async ({ adapters: { executions } }) => {
    const name = randomUUID();
    await executions.start('delete-role', name, newRemoval());
    return { act: () => executions.isDoneOrRunning('delete-role', name), gives: true };
  },
  'sts GetWebIdentityToken': async (on) => {
    const { objectId } = await newApplication(on);
    return {
      act: () => directoryOf(on.adapters.entra).application(objectId),
      gives: expect.objectContaining({ objectId }),
    };
  },
  'entra POST /oauth2/v2.0/token': async (on) => {
    const { objectId } = await newApplication(on);
    return {
      act: () => directoryOf(on.adapters.entra).application(objectId),
      gives: expect.objectContaining({ objectId }),
    };
  },
  'graph POST /applications': async (on) => {
    const { directory } = on.adapters;
    const desired = newDesired(on);
    const { uniqueName } = desired;
    return {
      act: () => directory.createApplication(desired),
      gives: expect.objectContaining({ uniqueName }),
      // Taken, by the first one: it is found by its name.
      givesAfterLoss: undefined,
      shows: () => directory.originOf({ uniqueName }),
      as: expect.objectContaining({ uniqueName, createdByAppId: on.adapters.settings.factoryAppId }),
    };
  },
  'graph GET /applications(uniqueName)': async (on) => {
    const { objectId, uniqueName } = await newApplication(on);
    return {
      act: () => on.adapters.directory.originOf({ uniqueName }),
      gives: expect.objectContaining({ objectId }),
    };
  },
  'graph GET /applications/{id}': async (on) => {
    const { objectId } = await newApplication(on);
    return {
      act: () => on.adapters.directory.application(objectId),
      gives: expect.objectContaining({ objectId }),
    };
  },
  'graph GET /applications/{id}/federatedIdentityCredentials': async (on) => {
    const { objectId } = await newApplication(on);
    return {
      act: () => on.adapters.directory.application(objectId),
      gives: expect.objectContaining({ objectId, federatedCredentials: [] }),
    };
  },
  'graph POST /applications/{id}/federatedIdentityCredentials': async (on) => {
    const { directory } = on.adapters;
    const { objectId } = await newApplication(on);
    return {
      act: () => directory.createFederatedCredential(objectId, CREDENTIAL),
      gives: undefined,
      shows: async () => (await directory.application(objectId))?.federatedCredentials,
      as: [CREDENTIAL],
    };
  },
  'graph DELETE /applications/{id}/federatedIdentityCredentials/{id}': async (on) => {
    const { directory } = on.adapters;
    const { objectId } = await newApplication(on);
    await directory.createFederatedCredential(objectId, CREDENTIAL);
    return {
      act: () => directory.deleteFederatedCredential(objectId, CREDENTIAL.name),
      gives: undefined,
      shows: async () => (await directory.application(objectId))?.federatedCredentials,
      as: [],
    };
  },
  'graph PATCH /applications/{id}': async (on) => {
    const { directory } = on.adapters;
    const { objectId, appId: id } = await newApplication(on);
    return {
      act: () => directory.setIdentifierUris(objectId, [`api://${id}`]),
      gives: undefined,
      shows: async () => (await directory.application(objectId))?.identifierUris,
      as: [`api://${id}`],
    };
  },
  'graph POST /servicePrincipals': async (on) => {
    const { directory } = on.adapters;
    const { appId: id } = await newApplication(on);
    return {
      act: () => directory.createServicePrincipal(id),
      gives: expect.objectContaining({ appId: id }),
      givesAfterLoss: undefined,
      shows: () => directory.servicePrincipal(id),
      as: expect.objectContaining({ appId: id, enabled: true }),
    };
  },
  'graph DELETE /servicePrincipals/{id}': async (on) => {
    const { directory } = on.adapters;
    const { appId: id } = await newApplication(on);
    const principal = await directory.createServicePrincipal(id);
    if (!principal) throw new Error('There is no service principal');
    return {
      act: () => directory.deleteServicePrincipal(principal.id),
      gives: undefined,
      shows: () => directory.servicePrincipal(id),
      as: undefined,
    };
  },
  'graph DELETE /applications/{id}': async (on) => {
    const { directory } = on.adapters;
    const { objectId } = await newApplication(on);
    return {
      act: () => directory.deleteApplication(objectId),
      gives: undefined,
      shows: () => directory.application(objectId),
      as: undefined,
    };
  },
  'graph DELETE /directory/deletedItems/{id}': async (on) => {
    const { directory } = on.adapters;
    const desired = newDesired(on);
    const application = await directory.createApplication(desired);
    if (!application) throw new Error('The name is taken');
    await directory.deleteApplication(application.objectId);
    return {
      act: () => directory.purge(application.objectId),
      gives: undefined,
      // Free again.
      shows: () => directory.createApplication(desired),
      as: expect.objectContaining({ uniqueName: desired.uniqueName }),
    };
  },
};
