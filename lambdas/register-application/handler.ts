import {
  adoptionProblems,
  desiredApplication,
  type ObservedApplication,
  type ObservedServicePrincipal,
} from '../../core/application.ts';
import { FactoryError } from '../../core/errors.ts';
import type { AppId } from '../../core/ids.ts';
import { identifierUriFor } from '../../core/issuer.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { refuse } from '../application-checks.ts';
import { advance, isoTime, isWithin, ledgerWriter } from '../ledger-steps.ts';
import { lookTwice } from '../look-twice.ts';
import type { Clock, Directory, Ports } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import type { StepInput, StepOutput } from '../workflow.ts';

type RegisterPorts = Pick<Ports, 'directory' | 'ledger' | 'clock' | 'telemetry'>;

/**
 * Creates or finds the incarnation's application and its service principal. The intent is in the ledger before the
 * call, so that an application whose answer was lost is found again by its name.
 */
export const registerApplication =
  (ports: RegisterPorts, settings: HandlerSettings) =>
  async (input: StepInput): Promise<StepOutput> => {
    const { directory, clock } = ports;
    const writer = ledgerWriter(ports, settings, input.execution);
    let entry = await advance(writer, input.entry, (stored) => ({
      ...stored,
      step: 'register-application',
      applicationIntentAt: stored.applicationIntentAt ?? isoTime(clock.now()),
    }));

    let application = await findOrCreate(ports, settings, entry);
    if (!application) {
      // Graph may have left it behind; nobody would know its id any more.
      if (entry.servicePrincipalId) await directory.deleteServicePrincipal(entry.servicePrincipalId);
      entry = await advance(writer, entry, (stored) => withNextGeneration(stored, isoTime(clock.now())));
      ports.telemetry.event('Generation raised', { roleId: entry.roleId, generation: entry.generation });
      application = await findOrCreate(ports, settings, entry);
    }
    if (!application) throw new FactoryError('NotReplicated');
    const { objectId, appId, identifierUris } = application;
    // At once: whatever fails from here on, the next attempt starts from the ids.
    entry = await advance(writer, entry, (stored) => ({ ...stored, applicationObjectId: objectId, appId }));

    const uri = identifierUriFor(appId);
    if (!identifierUris.includes(uri)) await directory.setIdentifierUris(objectId, [uri]);
    const { id } = await ensureServicePrincipal(directory, entry, appId);
    entry = await advance(writer, entry, (stored) => ({ ...stored, servicePrincipalId: id }));
    return { entry };
  };

/** Undefined: this generation's name or object is burnt (soft-deleted), so that only the next generation helps. */
async function findOrCreate(
  { directory, clock }: RegisterPorts,
  settings: HandlerSettings,
  entry: LedgerEntry,
): Promise<ObservedApplication | undefined> {
  const { applicationObjectId: recorded } = entry;
  if (recorded) {
    const found = await lookTwice(clock, settings, () => directory.application(recorded));
    return found ?? unlessLagging(entry, settings, clock);
  }
  const desired = desiredApplication(entry, settings);
  const created = await directory.createApplication(desired);
  if (created) return created;
  const { uniqueName } = desired;
  const named = await lookTwice(clock, settings, () => directory.applicationByName(uniqueName));
  if (!named) return unlessLagging(entry, settings, clock);
  const found = await directory.application(named.objectId);
  if (!found) throw new FactoryError('NotReplicated');
  const problems = adoptionProblems(found, {
    uniqueName,
    factoryAppId: settings.factoryAppId,
    ownerId: settings.factoryServicePrincipalId,
  });
  const mayLag = isWithin(settings.settleSeconds, entry.applicationIntentAt, clock);
  refuse(found, problems, 'NameSquatted', settings, mayLag);
  return found;
}

/** NotReplicated while the object may just not be visible yet. */
function unlessLagging(entry: LedgerEntry, settings: HandlerSettings, clock: Clock): undefined {
  if (isWithin(settings.replicationSeconds, entry.applicationIntentAt, clock)) {
    throw new FactoryError('NotReplicated');
  }
}

/** The audience stays recorded: add-audience takes it off the provider before it records another. */
function withNextGeneration(entry: LedgerEntry, now: string): LedgerEntry {
  const {
    applicationObjectId: _object,
    appId: _app,
    servicePrincipalId: _principal,
    readyAt: _trusted,
    ...rest
  } = entry;
  return { ...rest, generation: entry.generation + 1, applicationIntentAt: now };
}

async function ensureServicePrincipal(
  directory: Directory,
  entry: LedgerEntry,
  appId: AppId,
): Promise<ObservedServicePrincipal> {
  const known = entry.servicePrincipalId ? await directory.servicePrincipal(appId) : undefined;
  const found =
    known ?? (await directory.createServicePrincipal(appId)) ?? (await directory.servicePrincipal(appId));
  if (!found) throw new FactoryError('NotReplicated');
  return found;
}
