import { modeOf } from '../../core/control.ts';
import {
  decideEnrolment,
  type EnrolmentDecision,
  type ProviderOwner,
  tenantProviders,
  unlessContested,
} from '../../core/enrolment.ts';
import { isFactoryError } from '../../core/errors.ts';
import type { AccountId, ProviderArn } from '../../core/ids.ts';
import { type Partition, providerArnOf } from '../../core/issuer.ts';
import { isoTime } from '../ledger-steps.ts';
import type { ProviderView } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import { type SwitchPorts, switchOf } from '../switch.ts';
import type { EnrolAccountInput, EnrolAccountOutput } from '../workflow.ts';
import type { AccountProviders, AccountRecords, Organization, ProvidersLook } from './ports.ts';

type EnrolPorts = SwitchPorts & {
  readonly providers: AccountProviders;
  readonly organization: Organization;
  readonly records: Pick<AccountRecords, 'read' | 'enrolled'>;
};
type Settings = HandlerSettings & { readonly owner: ProviderOwner; readonly partition: Partition };

/**
 * Sees to the tenant's provider of a member account and to the account's record. Everything comes from the account
 * itself, through its real member roles, whoever asked for it; level-triggered like every step.
 */
export const enrolAccount = (ports: EnrolPorts, settings: Settings) => {
  const { providers, organization, records, clock, telemetry } = ports;
  const ask = switchOf(ports, settings);
  return async ({
    run: { accountId },
    heartbeat,
    mayBeAbsent,
  }: EnrolAccountInput): Promise<EnrolAccountOutput> => {
    await ask(accountId);
    const organizationalUnits = await organization.unitsOf(accountId);
    // The units as they are now: those of the account's record, which the switch knows, may be old or absent.
    const isObserved = modeOf(settings, accountId, organizationalUnits) === 'observe';

    const look = await providers.look(accountId).catch((error: unknown) => {
      if (mayBeAbsent && isFactoryError(error, 'MemberRoleNotAssumable')) return undefined;
      throw error;
    });
    if (look === undefined) return ABSENT;
    const found = await tenantProvidersOf(look, accountId, settings);
    const before = await records.read(accountId);
    const decision = unlessContested(decideEnrolment({ found, ...settings }), before, clock.now());
    const { create, add, notes, reverts } = decision;
    const exact = providerArnOf(settings.partition, accountId, settings.issuer.url);
    const known = found[0]?.providerArn ?? null;
    const providerArn = known ?? (create && !isObserved ? exact : null);

    const now = isoTime(clock.now());
    const sentAt = heartbeat && !isObserved && providerArn !== null ? now : undefined;
    const isHealed = !isObserved && (create || add.length > 0);
    if (providerArn !== null && (isHealed || sentAt)) {
      await care(accountId, providerArn, decision, sentAt);
    }

    const added = create ? settings.placeholders : add;
    const listed: readonly string[] = [...(found[0]?.clientIds ?? []), ...(isHealed ? added : [])];
    const record = {
      accountId,
      organizationalUnits,
      providerArn,
      notes,
      placeholders: settings.placeholders.filter((placeholder) => listed.includes(placeholder)),
      ...(isHealed && reverts && { providerReverts: reverts }),
    };
    await records.enrolled(record, now, sentAt);
    if (notes.includes('provider-missing')) telemetry.count('ProviderMissing');
    // Told once: from then on the record says so.
    if (notes.includes('provider-contested') && !before?.notes.includes('provider-contested')) {
      telemetry.count('ProviderContested');
    }
    telemetry.event(isObserved ? 'Account looked at' : 'Account enrolled', { ...record, create, add });
    const healed = isHealed ? ([create ? 'provider-missing' : 'placeholder-missing'] as const) : [];
    return { outcome: isObserved ? 'observed' : 'enrolled', providerArn, notes, healed };
  };

  /** Each write asks first. */
  async function care(
    accountId: AccountId,
    providerArn: ProviderArn,
    { create, add }: EnrolmentDecision,
    sentAt: string | undefined,
  ): Promise<void> {
    const provider = await providers.care(accountId, providerArn);
    if (create) {
      await ask(accountId);
      await provider.create(settings.issuer.url, settings.placeholders);
    }
    for (const audience of add) {
      await ask(accountId);
      await provider.addAudience(audience);
    }
    if (sentAt === undefined) return;
    await ask(accountId);
    await provider.setHeartbeat(sentAt);
  }
};

/** Nothing of the factory is deployed there. */
const ABSENT: EnrolAccountOutput = { outcome: 'absent', providerArn: null, notes: [], healed: [] };

/** One that is gone since it was listed is none. */
async function tenantProvidersOf(
  look: ProvidersLook,
  accountId: AccountId,
  { issuer }: Settings,
): Promise<ProviderView[]> {
  const found: ProviderView[] = [];
  for (const arn of tenantProviders(await look.list(), accountId, issuer)) {
    const provider = await look.getProvider(arn);
    if (provider) found.push(provider);
  }
  return found;
}
