import { type AccountId, accountId } from '../../core/ids.ts';
import { accountsToSweep, sweepOf } from '../../core/sweep.ts';
import type { AccountRecords } from '../enrol-account/ports.ts';
import type { ControlSettings } from '../settings.ts';
import type { OrganizationAccounts, SweepExecutions } from '../sweep-ports.ts';
import { type SwitchPorts, unlessPaused } from '../switch.ts';
import type { ListAccountsInput, ListAccountsOutput } from '../workflow.ts';

type ListPorts = SwitchPorts & {
  readonly organization: OrganizationAccounts;
  readonly records: Pick<AccountRecords, 'accountIds'>;
  readonly executions: SweepExecutions;
};
type Settings = ControlSettings & { readonly wanted: readonly AccountId[] | undefined };

/** One sweep at a time: those that the clock starts while one waits for the end of a pause have nothing to add. */
export const listAccounts = (ports: ListPorts, settings: Settings) => {
  const { organization, records, executions, telemetry } = ports;
  const ask = unlessPaused(ports, settings);
  return async ({ execution, startedAt, request }: ListAccountsInput): Promise<ListAccountsOutput> => {
    const sweep = sweepOf(execution, startedAt, request);
    const others = sweep.planOnly ? [] : await executions.others(execution);
    if (others.some((other) => other.startedAt < Date.parse(startedAt))) {
      telemetry.event('Sweep skipped', { ...sweep, others: others.length });
      return { decision: 'skip', sweep, accounts: [] };
    }
    await ask();
    const accounts = accountsToSweep({
      organization: await organization.accounts(),
      enrolled: new Set(await records.accountIds()),
      wanted: request.accounts?.map(accountId) ?? settings.wanted,
    });
    telemetry.event('Sweep begun', { ...sweep, accounts: accounts.length });
    return { decision: 'sweep', sweep, accounts };
  };
};
