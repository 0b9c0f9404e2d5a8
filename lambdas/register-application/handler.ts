import {
  adoptionProblems,
  desiredApplication,
  desiredCredentials,
  type ObservedApplication,
} from '../../core/application.ts';
import { FactoryError, isFactoryError } from '../../core/errors.ts';
import { credentialChanges } from '../../core/federated-credentials.ts';
import type { AppId, ServicePrincipalId } from '../../core/ids.ts';
import { identifierUriFor } from '../../core/issuer.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { refuse } from '../application-checks.ts';
import { bestEffort } from '../best-effort.ts';
import { advance, isoTime, isWithin, type LedgerWriter, ledgerWriter } from '../ledger-steps.ts';
import { lookTwice } from '../look-twice.ts';
import type { Clock, Control, Directory, Ports } from '../ports.ts';
import { recordedPrincipal } from '../recorded-principal.ts';
import type { HandlerSettings } from '../settings.ts';
import type { StepInput, StepOutput } from '../workflow.ts';

type RegisterPorts = Pick<Ports, 'directory' | 'ledger' | 'clock' | 'telemetry'>;
type BreakerPorts = RegisterPorts & { readonly control: Pick<Control, 'openBreaker'> };

/**
 * Creates or finds the incarnation's application and its service principal. The intent is in the ledger before the
 * call, so that an application whose answer was lost is found again by its name. A directory that is full opens the
 * breaker: roles that come after this one fail before anything is made.
 */
export const registerApplication =
  (ports: BreakerPorts, settings: HandlerSettings) =>
  async (input: StepInput): Promise<StepOutput> => {
    try {
      return await register(ports, settings, input);
    } catch (error) {
      if (isFactoryError(error, 'DirectoryQuotaExceeded')) await openBreaker(ports, settings);
      throw error;
    }
  };

async function openBreaker(
  { control, clock, telemetry }: BreakerPorts,
  settings: HandlerSettings,
): Promise<void> {
  telemetry.gauge('DirectoryFull', 1);
  const until = isoTime(clock.now() + settings.directoryFullSeconds * 1000);
  await bestEffort(telemetry, 'Opening the breaker of the directory', () => control.openBreaker(until));
}

async function register(
  ports: RegisterPorts,
  settings: HandlerSettings,
  input: StepInput,
): Promise<StepOutput> {
  const { directory, clock } = ports;
  const writer = ledgerWriter(ports, settings, input.execution);
  let entry = await advance(writer, input.entry, (stored) => ({
    ...stored,
    step: 'register-application',
    applicationIntentAt: stored.applicationIntentAt ?? isoTime(clock.now()),
  }));

  let found = await findOrCreate(ports, settings, writer, entry);
  if (!found.application) {
    // Graph may have left it behind; nobody would know its id any more.
    const principal = await recordedPrincipal(directory, entry);
    if (principal) await directory.deleteServicePrincipal(principal);
    entry = await advance(writer, found.entry, (stored) => withNextGeneration(stored, isoTime(clock.now())));
    ports.telemetry.event('Generation raised', { roleId: entry.roleId, generation: entry.generation });
    found = await findOrCreate(ports, settings, writer, entry);
  }
  if (!found.application) throw new FactoryError('NotReplicated');
  const { objectId, appId, identifierUris, federatedCredentials } = found.application;
  // At once: whatever fails from here on, the next attempt starts from the ids.
  entry = await advance(writer, found.entry, (stored) => ({
    ...known(stored, clock),
    applicationObjectId: objectId,
    appId,
  }));

  const uri = identifierUriFor(appId);
  if (!identifierUris.includes(uri)) await directory.setIdentifierUris(objectId, [uri]);
  const { id, ...recorded } = await ensureServicePrincipal(directory, writer, entry, appId);
  entry = recorded.entry;
  const { remove, add } = credentialChanges(federatedCredentials, desiredCredentials(entry, settings));
  // One after the other: Graph does not take concurrent changes of one application's credentials.
  for (const { name } of remove) await directory.deleteFederatedCredential(objectId, name);
  for (const credential of add) await directory.createFederatedCredential(objectId, credential);
  // Recorded by the next step's first write; until then it is found by the client id.
  return { entry: { ...entry, servicePrincipalId: id } };
}

interface Found {
  readonly entry: LedgerEntry;
  /** Undefined: this generation's name or object is burnt (soft-deleted), so that only the next one helps. */
  readonly application: ObservedApplication | undefined;
}

async function findOrCreate(
  { directory, clock }: RegisterPorts,
  settings: HandlerSettings,
  writer: LedgerWriter,
  entry: LedgerEntry,
): Promise<Found> {
  const { applicationObjectId: recorded } = entry;
  if (recorded) {
    const found = await lookTwice(clock, settings, () => directory.application(recorded));
    return { entry, application: found ?? unlessLagging(entry, settings, clock) };
  }
  const desired = desiredApplication(entry, settings);
  const created = await directory.createApplication(desired);
  if (created) return { entry, application: created };
  // How long the directory does not show it counts from here, whenever it was made.
  const taken = entry.applicationKnownAt
    ? entry
    : await advance(writer, entry, (stored) => known(stored, clock));
  const { uniqueName } = desired;
  const named = await lookTwice(clock, settings, () => directory.originOf({ uniqueName }));
  if (!named) return { entry: taken, application: unlessLagging(taken, settings, clock) };
  const found = await directory.application(named.objectId);
  if (!found) throw new FactoryError('NotReplicated');
  const problems = adoptionProblems(found, {
    uniqueName,
    factoryAppId: settings.factoryAppId,
    ownerId: settings.factoryServicePrincipalId,
  });
  const mayLag = isWithin(settings.settleSeconds, taken.applicationKnownAt, clock);
  refuse(found, problems, 'NameSquatted', settings, { mayLag });
  return { entry: taken, application: found };
}

const known = (entry: LedgerEntry, clock: Clock): LedgerEntry => ({
  ...entry,
  applicationKnownAt: entry.applicationKnownAt ?? isoTime(clock.now()),
});

/** NotReplicated while the object may just not be visible yet. */
function unlessLagging(entry: LedgerEntry, settings: HandlerSettings, clock: Clock): undefined {
  if (isWithin(settings.replicationSeconds, entry.applicationKnownAt, clock)) {
    throw new FactoryError('NotReplicated');
  }
}

/** The role may trust it, also where no answer said so. */
function withFormer(entry: LedgerEntry): LedgerEntry {
  const { audience, servicePrincipalId, former = [] } = entry;
  const lost = { ...(audience && { audience }), ...(servicePrincipalId && { servicePrincipalId }) };
  return Object.keys(lost).length === 0 ? entry : { ...entry, former: [...former, lost] };
}

/** The audience stays recorded: add-audience takes it off the provider before it records another. */
function withNextGeneration(entry: LedgerEntry, now: string): LedgerEntry {
  const {
    applicationKnownAt: _known,
    applicationObjectId: _object,
    appId: _app,
    servicePrincipalId: _principal,
    readyAt: _trusted,
    ...rest
  } = withFormer(entry);
  return { ...rest, generation: entry.generation + 1, applicationIntentAt: now };
}

/** One that was lost is forgotten before another is made, so that a removal looks for it whatever becomes of the answer. */
async function ensureServicePrincipal(
  directory: Directory,
  writer: LedgerWriter,
  entry: LedgerEntry,
  appId: AppId,
): Promise<{ readonly entry: LedgerEntry; readonly id: ServicePrincipalId }> {
  const { servicePrincipalId: recorded } = entry;
  const known = recorded && (await directory.servicePrincipal(appId));
  if (known && known.id === recorded) return { entry, id: known.id };
  const current = recorded ? await advance(writer, entry, withoutPrincipal) : entry;
  const found =
    known ?? (await directory.createServicePrincipal(appId)) ?? (await directory.servicePrincipal(appId));
  if (!found) throw new FactoryError('NotReplicated');
  return { entry: current, id: found.id };
}

function withoutPrincipal(entry: LedgerEntry): LedgerEntry {
  const { servicePrincipalId: _lost, ...rest } = withFormer(entry);
  return rest;
}
