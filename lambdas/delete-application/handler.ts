import { type ApplicationOrigin, isDeletable } from '../../core/application.ts';
import { FactoryError } from '../../core/errors.ts';
import type { AppObjectId, ServicePrincipalId } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { uniqueName } from '../../core/naming.ts';
import { removalFence } from '../ledger-steps.ts';
import { lookTwice } from '../look-twice.ts';
import type { Ports } from '../ports.ts';
import { recordedPrincipal } from '../recorded-principal.ts';
import type { HandlerSettings } from '../settings.ts';
import type { DeleteApplicationOutput, StepInput } from '../workflow.ts';

type DeletePorts = Pick<Ports, 'directory' | 'ledger' | 'clock' | 'telemetry'>;

/** Deletes the applications of every generation of an incarnation that is gone; provably the factory's own only. */
export const deleteApplication =
  (ports: DeletePorts, settings: HandlerSettings) =>
  async ({ entry, execution }: StepInput): Promise<DeleteApplicationOutput> => {
    const stored = await removalFence(ports.ledger, entry, execution);
    // No intent, nothing made.
    if (!stored.applicationIntentAt) return { deleted: [] };
    const deleted: AppObjectId[] = [];
    for (let generation = 1; generation <= stored.generation; generation++) {
      const objectId = await deleteGeneration(ports, settings, stored, generation);
      if (objectId) deleted.push(objectId);
    }
    return { deleted };
  };

async function deleteGeneration(
  ports: DeletePorts,
  settings: HandlerSettings,
  entry: LedgerEntry,
  generation: number,
): Promise<AppObjectId | undefined> {
  const { directory, clock, telemetry } = ports;
  const recorded = generation === entry.generation ? entry.applicationObjectId : undefined;
  const name = uniqueName({ ...entry, generation });
  const found = await lookTwice(clock, settings, () =>
    directory.originOf(recorded ? { objectId: recorded } : { uniqueName: name }),
  );
  if (!found) {
    // Ours by its recorded id, and perhaps only invisible: deleting what is gone already does no harm.
    if (recorded) await remove(ports, settings, recorded, await recordedPrincipal(directory, entry));
    return recorded;
  }
  const expected = {
    ...(recorded ? { objectId: recorded } : {}),
    uniqueName: name,
    factoryAppId: settings.factoryAppId,
  };
  if (!isDeletable(found, expected)) {
    if (recorded) throw new FactoryError('NameSquatted', `${name}: the recorded object is not the factory's`);
    telemetry.event('Foreign application left alone', { uniqueName: name, objectId: found.objectId });
    return undefined;
  }
  await remove(ports, settings, found.objectId, await servicePrincipalOf(ports, entry, found));
  return found.objectId;
}

async function servicePrincipalOf(
  { directory }: DeletePorts,
  entry: LedgerEntry,
  application: ApplicationOrigin,
): Promise<ServicePrincipalId | undefined> {
  if (entry.servicePrincipalId && application.objectId === entry.applicationObjectId) {
    return entry.servicePrincipalId;
  }
  return (await directory.servicePrincipal(application.appId))?.id;
}

/** Whether deleting an application takes its service principal along is not certain, so both are deleted. */
async function remove(
  { directory }: DeletePorts,
  settings: HandlerSettings,
  objectId: AppObjectId,
  principal: ServicePrincipalId | undefined,
): Promise<void> {
  if (principal) await directory.deleteServicePrincipal(principal);
  await directory.deleteApplication(objectId);
  if (settings.deletion === 'soft') return;
  if (principal) await directory.purge(principal);
  await directory.purge(objectId);
}
