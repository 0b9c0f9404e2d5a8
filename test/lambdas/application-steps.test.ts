import { describe, expect, it } from 'vitest';
import type { ObservedApplication } from '../../core/application.ts';
import { credentialOf } from '../../core/federated-credentials.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { uniqueName } from '../../core/naming.ts';
import { addAudience } from '../../lambdas/add-audience/handler.ts';
import { deleteApplication } from '../../lambdas/delete-application/handler.ts';
import { advance, claim, ledgerWriter } from '../../lambdas/ledger-steps.ts';
import { registerApplication } from '../../lambdas/register-application/handler.ts';
import { removeAudience } from '../../lambdas/remove-audience/handler.ts';
import { verifyApplication } from '../../lambdas/verify-application/handler.ts';
import { PLACEHOLDER } from '../../simulator/settings.ts';
import { World } from '../workflows/world.ts';
import { ENTRY, executionOf, REGISTERED } from './entries.ts';

const US = executionOf('us');

async function claimed(more: Partial<LedgerEntry> = {}, world = new World()) {
  const entry = await claim(
    ledgerWriter(world.portsOf('inspect-role'), world.settings, US),
    { ...ENTRY, ...more },
    undefined,
  );
  world.calls.length = 0;
  const input = { entry, execution: US };
  return {
    world,
    entry,
    register: () =>
      world.clock.run(registerApplication(world.portsOf('register-application'), world.settings)(input)),
    add: () => addAudience(world.portsOf('add-audience'), world.settings)(input),
    verify: (from = entry) =>
      verifyApplication(world.portsOf('verify-application'), world.settings)({ entry: from, execution: US }),
    remove: () => removeAudience(world.portsOf('remove-audience'), world.settings)(input),
    erase: () =>
      world.clock.run(deleteApplication(world.portsOf('delete-application'), world.settings)(input)),
    replicate: () => world.clock.pass(world.settings.replicationSeconds * 1000),
  };
}

const WORKLOAD = {
  issuer: 'https://gitlab.com',
  subject: 'project_path:example/app:ref_type:branch:ref:main',
};
const STRANGE = { ...WORKLOAD, name: 'pipeline', audience: 'api://AzureADTokenExchange', description: null };

const NAME = uniqueName({ ...ENTRY, generation: 1 });

describe('register-application', () => {
  it('writes its intent before it creates, and the ids as soon as it has them', async () => {
    const { world, register } = await claimed();
    world.at('directory.createApplication', 'before', () => {
      expect(world.ledger.all()[0]?.applicationIntentAt).toBeDefined();
    });
    world.at('directory.setIdentifierUris', 'before', () => {
      expect(world.ledger.all()[0]?.applicationObjectId).toBeDefined();
    });
    const { entry } = await register();
    const [application] = world.directory.active();
    expect(application?.identifierUris).toEqual([`api://${application?.appId}`]);
    expect(entry).toMatchObject({
      applicationObjectId: application?.objectId,
      appId: application?.appId,
      servicePrincipalId: world.directory.activePrincipals()[0]?.id,
    });
  });

  it('leaves the service principal to the next step to record, and finds it again where that never comes', async () => {
    const { world, register } = await claimed();
    const { entry } = await register();
    expect(world.calls.filter(({ name }) => name === 'ledger.write')).toHaveLength(2);
    expect(world.ledger.all()[0]).not.toHaveProperty('servicePrincipalId');
    expect((await register()).entry.servicePrincipalId).toBe(entry.servicePrincipalId);
    expect(world.directory.activePrincipals()).toHaveLength(1);
  });

  it('keeps the time of its first intent, however often it is tried', async () => {
    const { world, register } = await claimed();
    world.fail('directory.createApplication', 'Unavailable', { times: 1 });
    await expect(register()).rejects.toMatchObject({ code: 'Unavailable' });
    const first = world.ledger.all()[0]?.applicationIntentAt;
    await world.clock.pass(60_000);
    expect((await register()).entry.applicationIntentAt).toBe(first);
  });

  it('does not adopt what another application has created', async () => {
    const { world, register } = await claimed();
    world.directory.squat(NAME);
    await expect(register()).rejects.toMatchObject({ code: 'NameSquatted' });
  });

  it.each([
    ['a password', { passwords: 1 }],
    ['a key', { keys: 1 }],
    ['a federated credential', { federatedCredentials: [STRANGE] }],
  ])('does not adopt its own application once it has %s', async (_, change) => {
    const { world, register } = await claimed();
    world.fail('directory.createApplication', 'Unavailable', { times: 1, when: 'after' });
    await expect(register()).rejects.toMatchObject({ code: 'Unavailable' });
    world.directory.change(world.directory.active()[0]?.objectId as never, change);
    await expect(register()).rejects.toMatchObject({ code: 'NameSquatted' });
  });

  it('waits for owners that the directory may show late before it calls an application foreign', async () => {
    const { world, register } = await claimed();
    world.fail('directory.createApplication', 'Unavailable', { times: 1, when: 'after' });
    await expect(register()).rejects.toMatchObject({ code: 'Unavailable' });
    world.directory.change(world.directory.active()[0]?.objectId as never, { ownerIds: [] });
    await expect(register()).rejects.toMatchObject({ code: 'NotReplicated' });
    await world.clock.pass(world.settings.settleSeconds * 1000);
    await expect(register()).rejects.toMatchObject({ code: 'NameSquatted' });
  });

  it('raises the generation only when lag cannot be the reason any more', async () => {
    const { world, register, replicate } = await claimed();
    const burnt = await register();
    await world.directory.deleteApplication(burnt.entry.applicationObjectId as never);
    await expect(register()).rejects.toMatchObject({ code: 'NotReplicated' });
    await replicate();
    const { entry } = await register();
    expect(entry).toMatchObject({
      generation: 2,
      applicationObjectId: world.directory.active()[0]?.objectId,
    });
    expect(entry.servicePrincipalId).toBe(world.directory.activePrincipals()[0]?.id);
    expect(world.directory.activePrincipals()).toHaveLength(1);
  });
});

describe('register-application, for a role whose tags let workloads in', () => {
  const OTHER = { ...WORKLOAD, subject: 'project_path:example/other' };
  const credentials = (world: World) => world.directory.active()[0]?.federatedCredentials ?? [];
  const writes = (world: World) =>
    world.calls.map(({ name }) => name).filter((name) => name.endsWith('FederatedCredential'));

  it('gives the application a federated credential for each', async () => {
    const { world, register } = await claimed({ federatedCredentials: [WORKLOAD, OTHER] });
    await register();
    expect(credentials(world)).toEqual([WORKLOAD, OTHER].map((one) => expect.objectContaining(one)));
  });

  it('makes no further call where there are none', async () => {
    const { world, register } = await claimed();
    await register();
    await register();
    expect(writes(world)).toEqual([]);
  });

  it.each(['before', 'after'] as const)('goes on where a call failed, %s it was made', async (when) => {
    const { world, register } = await claimed({ federatedCredentials: [WORKLOAD, OTHER] });
    world.fail('directory.createFederatedCredential', 'Unavailable', { times: 1, when });
    await expect(register()).rejects.toMatchObject({ code: 'Unavailable' });
    await register();
    expect(credentials(world)).toHaveLength(2);
  });

  it('removes what the tags ask for no more, and leaves what people added', async () => {
    const { world, entry, register } = await claimed({ federatedCredentials: [WORKLOAD] });
    await register();
    const { objectId, federatedCredentials } = world.directory.active()[0] as ObservedApplication;
    const byHand = { ...STRANGE, subject: OTHER.subject };
    world.directory.change(objectId, { federatedCredentials: [...federatedCredentials, byHand] });
    const [stored] = world.ledger.all();
    const { federatedCredentials: _, ...withdrawn } = stored ?? entry;
    const writer = ledgerWriter(world.portsOf('inspect-role'), world.settings, US);
    const again = await claim(writer, withdrawn, stored);
    await world.clock.run(
      registerApplication(
        world.portsOf('register-application'),
        world.settings,
      )({ entry: again, execution: US }),
    );
    expect(credentials(world)).toEqual([byHand]);
  });
});

describe('add-audience', () => {
  it('records the audience before it lists it', async () => {
    const { audience: _, ...registered } = REGISTERED;
    const { world, add } = await claimed(registered);
    world.at('provider.addAudience', 'before', () => {
      expect(world.ledger.all()[0]?.audience).toBe(REGISTERED.audience);
    });
    await add();
    expect(world.clientIds()).toEqual([PLACEHOLDER, REGISTERED.audience]);
  });

  it.each([
    ['at once', false],
    ['after an earlier attempt has written', true],
  ])('records the service principal that was made before it, %s', async (_, isLate) => {
    const { world, entry, register } = await claimed();
    const registered = (await register()).entry;
    if (isLate) {
      const writer = ledgerWriter(world.portsOf('register-application'), world.settings, US);
      await advance(writer, entry, (stored) => stored);
    }
    const step = addAudience(world.portsOf('add-audience'), world.settings);
    const added = await step({ entry: registered, execution: US });
    expect(registered.servicePrincipalId).toBeDefined();
    expect(added.entry.servicePrincipalId).toBe(registered.servicePrincipalId);
    expect(world.ledger.all()).toEqual([added.entry]);
  });
});

describe('verify-application', () => {
  const registered = async () => {
    const before = await claimed();
    const { entry } = await before.register();
    const change = (more: Partial<ObservedApplication>) =>
      before.world.directory.change(entry.applicationObjectId as never, more);
    const settle = () => before.world.clock.pass(before.world.settings.settleSeconds * 1000);
    return { ...before, change, settle, verify: () => before.verify(entry) };
  };

  it('lets pass what is as it was made', async () => {
    await expect((await registered()).verify()).resolves.toBeDefined();
  });

  it.each([
    ['another creator', { createdByAppId: 'ffffffff-0000-4000-8000-000000000001' }, 'NameSquatted'],
    ['a password', { passwords: 1 }, 'ApplicationTampered'],
    ['a federated credential of others', { federatedCredentials: [STRANGE] }, 'ApplicationTampered'],
  ] as const)('stops at once at %s', async (_, tampering, code) => {
    const { verify, change } = await registered();
    change(tampering);
    await expect(verify()).rejects.toMatchObject({ code });
  });

  it.each([
    ['another owner', { ownerIds: ['ffffffff-0000-4000-8000-000000000002'] }],
    ['no identifier URI', { identifierUris: [] }],
    ['tokens of another version', { tokenVersion: 2 }],
    ['other tenants', { signInAudience: 'AzureADMultipleOrgs' }],
    [
      'a federated credential of the factory’s that no tag asks for',
      { federatedCredentials: [credentialOf(WORKLOAD, { cloud: 'public' })] },
    ],
  ])('stops at %s once it cannot be lag', async (_, tampering) => {
    const { verify, change, settle } = await registered();
    change(tampering);
    await expect(verify()).rejects.toMatchObject({ code: 'NotReplicated' });
    await settle();
    await expect(verify()).rejects.toMatchObject({ code: 'ApplicationTampered' });
  });
});

describe('remove-audience', () => {
  it('takes the recorded audience off the list', async () => {
    const { world, remove } = await claimed({ ...REGISTERED, phase: 'removing' });
    world.setClientIds(PLACEHOLDER, REGISTERED.audience);
    expect(await remove()).toEqual({ removed: 'audience' });
    expect(world.clientIds()).toEqual([PLACEHOLDER]);
  });

  it('never takes a placeholder off, whatever is recorded', async () => {
    const { world, remove } = await claimed({ ...REGISTERED, audience: PLACEHOLDER, phase: 'removing' });
    expect(await remove()).toEqual({ removed: 'nothing' });
    expect(world.clientIds()).toEqual([PLACEHOLDER]);
  });

  it('stops where the entry is not being removed by this execution', async () => {
    const { world, remove } = await claimed({ ...REGISTERED, phase: 'ready' });
    await expect(remove()).rejects.toMatchObject({ code: 'Superseded' });
    expect(world.calls.map(({ name }) => name)).toEqual(['ledger.read']);
  });
});

describe('delete-application', () => {
  it('asks the directory nothing where nothing was about to be made', async () => {
    const { world, erase } = await claimed({ phase: 'removing' });
    expect(await erase()).toEqual({ deleted: [] });
    expect(world.calls.map(({ name }) => name)).toEqual(['ledger.read']);
  });

  it('finds by name what no id was recorded of, its service principal too', async () => {
    const world = new World();
    const { directory } = world;
    const application = await directory.createApplication({
      uniqueName: NAME,
      ownerId: world.settings.factoryServicePrincipalId,
      tokenVersion: 1,
    } as never);
    await directory.createServicePrincipal(application?.appId as never);
    const { applicationIntentAt } = REGISTERED;
    const { erase } = await claimed({ phase: 'removing', applicationIntentAt }, world);
    expect(await erase()).toEqual({ deleted: [application?.objectId] });
    expect(directory.active()).toEqual([]);
    expect(directory.activePrincipals()).toEqual([]);
  });

  it('looks twice before it believes that nothing is there', async () => {
    const { world, erase } = await claimed({ phase: 'removing', applicationIntentAt: ENTRY.createdAt });
    await erase();
    expect(world.calls.filter(({ name }) => name === 'directory.originOf')).toHaveLength(2);
  });

  it('leaves an application of somebody else under the name alone', async () => {
    const { world, erase } = await claimed({ phase: 'removing', applicationIntentAt: ENTRY.createdAt });
    world.directory.squat(NAME);
    expect(await erase()).toEqual({ deleted: [] });
    expect(world.directory.active()).toHaveLength(1);
  });

  it('deletes what its users have added credentials to', async () => {
    const world = new World();
    const before = await claimed({}, world);
    const { entry } = await before.register();
    const owner = world.settings.factoryServicePrincipalId;
    world.directory.change(entry.applicationObjectId as never, { passwords: 2, ownerIds: [owner, 'a user'] });
    const removing = await claim(
      ledgerWriter(world.portsOf('confirm-role-gone'), world.settings, US),
      { ...entry, phase: 'removing' },
      entry,
    );
    await world.clock.run(
      deleteApplication(
        world.portsOf('delete-application'),
        world.settings,
      )({ entry: removing, execution: US }),
    );
    expect(world.directory.active()).toEqual([]);
  });

  it('stops where the entry is not being removed by this execution', async () => {
    const { erase } = await claimed({ ...REGISTERED, phase: 'creating' });
    await expect(erase()).rejects.toMatchObject({ code: 'Superseded' });
  });
});
