/** What every directory does, in memory and through Graph alike. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DesiredApplication } from '../../core/application.ts';
import { credentialOf } from '../../core/federated-credentials.ts';
import { appId, appObjectId } from '../../core/ids.ts';
import type { FactorySettings } from '../../core/settings.ts';
import type { Directory } from '../../lambdas/ports.ts';
import { eventually } from './eventually.ts';

export interface DirectoryUnderTest {
  readonly directory: Directory;
  readonly settings: Pick<FactorySettings, 'factoryAppId' | 'factoryServicePrincipalId'>;
  /** Somebody else of the tenant registers an application under a name of the factory's. */
  squat(uniqueName: string): Promise<void>;
}

export function directoryContract(of: string, open: () => Promise<DirectoryUnderTest>): void {
  const desire = ({ settings }: DirectoryUnderTest): DesiredApplication => ({
    uniqueName: `oidc-factory-111122223333-${randomUUID()}-1`,
    displayName: 'aws-111122223333-deploy',
    notes: 'Made by a test',
    tags: ['managed-by:oidc-factory'],
    signInAudience: 'AzureADMyOrg',
    tokenVersion: 1,
    ownerId: settings.factoryServicePrincipalId,
  });
  const created = async (under: DirectoryUnderTest) => {
    const desired = desire(under);
    const application = await under.directory.createApplication(desired);
    if (!application) throw new Error('The name is taken');
    return { desired, application };
  };

  describe(`the directory ${of}`, () => {
    it('creates an application that is the factory’s own and holds no credential', async () => {
      const under = await open();
      const { desired, application } = await created(under);
      const shown = await eventually(() => under.directory.application(application.objectId));
      for (const view of [application, shown]) {
        expect(view).toMatchObject({
          objectId: application.objectId,
          appId: application.appId,
          uniqueName: desired.uniqueName,
          createdByAppId: under.settings.factoryAppId,
          signInAudience: 'AzureADMyOrg',
          identifierUris: [],
          tokenVersion: 1,
          ownerIds: [under.settings.factoryServicePrincipalId],
          passwords: 0,
          keys: 0,
          federatedCredentials: [],
        });
      }
    });

    it('does not create a second application under a name, but finds the first, by name and by id', async () => {
      const under = await open();
      const { desired, application } = await created(under);
      const { uniqueName } = desired;
      const { objectId, appId: id } = application;
      expect(await under.directory.createApplication(desired)).toBeUndefined();
      for (const key of [{ uniqueName }, { objectId }]) {
        expect(await eventually(() => under.directory.originOf(key))).toEqual({
          objectId,
          appId: id,
          uniqueName,
          createdByAppId: under.settings.factoryAppId,
        });
      }
    });

    it('knows nothing that does not exist', async () => {
      const { directory } = await open();
      expect(await directory.originOf({ uniqueName: `oidc-factory-${randomUUID()}` })).toBeUndefined();
      expect(await directory.originOf({ objectId: appObjectId(randomUUID()) })).toBeUndefined();
      expect(await directory.application(appObjectId(randomUUID()))).toBeUndefined();
      expect(await directory.servicePrincipal(appId(randomUUID()))).toBeUndefined();
    });

    it('shows who squats a name, and does not let the factory delete that', async () => {
      const under = await open();
      const desired = desire(under);
      await under.squat(desired.uniqueName);
      expect(await under.directory.createApplication(desired)).toBeUndefined();
      const found = await eventually(() => under.directory.originOf({ uniqueName: desired.uniqueName }));
      expect(found.createdByAppId).not.toBe(under.settings.factoryAppId);
      await expect(under.directory.deleteApplication(found.objectId)).rejects.toMatchObject({
        code: 'DirectoryForbidden',
      });
    });

    it('changes nothing of an application that is another’s', async () => {
      const under = await open();
      const { directory } = under;
      const { uniqueName } = desire(under);
      await under.squat(uniqueName);
      const { objectId, appId: id } = await eventually(() => directory.originOf({ uniqueName }));
      const forbidden = { code: 'DirectoryForbidden' };
      await expect(directory.setIdentifierUris(objectId, [`api://${id}`])).rejects.toMatchObject(forbidden);
      await expect(directory.createServicePrincipal(id)).rejects.toMatchObject(forbidden);
      const credential = credentialOf({ issuer: 'https://gitlab.com', subject: 'x' }, { cloud: 'public' });
      await expect(directory.createFederatedCredential(objectId, credential)).rejects.toMatchObject(
        forbidden,
      );
      expect(await directory.servicePrincipal(id)).toBeUndefined();
      expect((await directory.application(objectId))?.identifierUris).toEqual([]);
    });

    it('takes what it does not find for something that is yet to appear, where it is to be there', async () => {
      const { directory } = await open();
      const yetToAppear = { code: 'NotReplicated' };
      await expect(directory.setIdentifierUris(appObjectId(randomUUID()), [])).rejects.toMatchObject(
        yetToAppear,
      );
      await expect(directory.createServicePrincipal(appId(randomUUID()))).rejects.toMatchObject(yetToAppear);
    });

    it('sets identifier URIs', async () => {
      const under = await open();
      const { objectId, appId: id } = (await created(under)).application;
      const uris = [`api://${id}`];
      await eventually(async () => {
        await under.directory.setIdentifierUris(objectId, uris);
        return true;
      });
      const shown = await eventually(async () => {
        const view = await under.directory.application(objectId);
        return view && view.identifierUris.length > 0 ? view : undefined;
      });
      expect(shown.identifierUris).toEqual(uris);
    });

    it('creates a federated credential once, and deletes it again', async () => {
      const under = await open();
      const { directory } = under;
      const { objectId } = (await created(under)).application;
      const credential = credentialOf(
        { issuer: 'https://gitlab.com', subject: 'project_path:example/app:ref_type:branch:ref:main' },
        { cloud: 'public' },
      );
      const shown = async () => (await directory.application(objectId))?.federatedCredentials;
      for (let times = 0; times < 2; times++) {
        await eventually(async () => {
          await directory.createFederatedCredential(objectId, credential);
          return true;
        });
      }
      expect(await eventually(async () => ((await shown())?.length ? shown() : undefined))).toEqual([
        credential,
      ]);
      for (let times = 0; times < 2; times++)
        await directory.deleteFederatedCredential(objectId, credential.name);
      expect(await shown()).toEqual([]);
    });

    it('creates one service principal for an application, the factory’s own too', async () => {
      const under = await open();
      const { appId: id } = (await created(under)).application;
      const principal = await eventually(() => under.directory.createServicePrincipal(id));
      const ownerIds = [under.settings.factoryServicePrincipalId];
      expect(principal).toMatchObject({ appId: id, enabled: true, ownerIds });
      expect(await under.directory.createServicePrincipal(id)).toBeUndefined();
      const shown = await eventually(() => under.directory.servicePrincipal(id));
      expect(shown).toMatchObject({ id: principal.id, ownerIds });
    });

    it('deletes softly: what is deleted is gone, its name stays taken, and deleting again is no failure', async () => {
      const under = await open();
      const { directory } = under;
      const { desired, application } = await created(under);
      const { objectId, appId: id } = application;
      const principal = await eventually(() => directory.createServicePrincipal(id));
      for (let times = 0; times < 2; times++) {
        await directory.deleteServicePrincipal(principal.id);
        await directory.deleteApplication(objectId);
      }
      expect(await directory.servicePrincipal(id)).toBeUndefined();
      expect(await directory.application(objectId)).toBeUndefined();
      expect(await directory.originOf({ uniqueName: desired.uniqueName })).toBeUndefined();
      expect(await directory.createApplication(desired)).toBeUndefined();
    });

    it('purges for good: the name is free again, and purging again is no failure', async () => {
      const under = await open();
      const { desired, application } = await created(under);
      await under.directory.deleteApplication(application.objectId);
      for (let times = 0; times < 2; times++) await under.directory.purge(application.objectId);
      expect(await under.directory.createApplication(desired)).toBeDefined();
    });
  });
}
