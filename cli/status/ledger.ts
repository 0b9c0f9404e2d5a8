/** The operator's view: what the factory's ledger knows. */
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { isLive, type LedgerEntry, type Phase } from '../../core/ledger-entry.ts';
import { entryOf } from '../../lambdas/adapters/ledger-items.ts';
import { ledgerSection, readSections } from '../../lambdas/settings.ts';
import { type AwsOptions, calling, clientConfig } from '../aws.ts';
import { callerOf, deployedWorkflow, environmentOf } from '../factory.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { knownFactoryIfAny } from '../settings.ts';
import { table } from '../table.ts';

export interface LedgerQuery extends AwsOptions {
  readonly config?: string;
  readonly account?: string;
  readonly phase?: Phase;
  readonly role?: string;
  readonly json?: true;
}

export async function showLedger(io: Io, query: LedgerQuery): Promise<void> {
  const config = knownFactoryIfAny(query.config === undefined ? {} : { config: query.config })?.config;
  const region = query.region ?? config?.factory.region;
  const options = { ...query, ...(region && { region }) };
  const ledger = await ledgerTable(io, options, config?.prefix ?? 'oidc-factory');
  const entries = (await entriesOf(io, options, ledger))
    .filter((entry) => isWanted(entry, query))
    .sort(byRole);
  if (query.json) io.out(JSON.stringify({ entries }));
  else if (entries.length === 0) io.out('The ledger knows no such role.');
  else for (const line of table([COLUMNS, ...entries.map(row)], io.width)) io.out(line);
}

/** The name of the table, from the environment of a function that uses it. */
async function ledgerTable(io: Io, options: AwsOptions, prefix: string): Promise<string> {
  const caller = await callerOf(io, options);
  const workflow = await deployedWorkflow(io, options, { caller, prefix, workflow: 'create-role' });
  const inspectRole = workflow?.functionArns['inspect-role'];
  if (inspectRole === undefined) {
    throw new CommandFailure(
      'refused',
      'FactoryNotFound',
      `Account ${caller.accountId} has no factory named ${prefix} in ${caller.region}`,
      {
        remedy: 'Use credentials of the factory account (--profile) and its region (--region, or --config).',
      },
    );
  }
  return readSections(await environmentOf(io, options, inspectRole), { ledger: ledgerSection }).ledger.table;
}

async function entriesOf(io: Io, options: AwsOptions, ledger: string): Promise<LedgerEntry[]> {
  const client = new DynamoDBClient(clientConfig(io, options));
  const entries: LedgerEntry[] = [];
  await calling(`dynamodb:Scan ${ledger}`, async () => {
    for await (const page of paginateScan({ client }, { TableName: ledger, ConsistentRead: true })) {
      entries.push(...(page.Items ?? []).map(entryOf));
    }
  });
  return entries;
}

/** Without a phase: everything that may still exist. */
const isWanted = (entry: LedgerEntry, { account, phase, role }: LedgerQuery): boolean =>
  (account === undefined || entry.accountId === account) &&
  (role === undefined || entry.roleName.toLowerCase() === role.toLowerCase()) &&
  (phase === undefined ? isLive(entry) : entry.phase === phase);

const byRole = (left: LedgerEntry, right: LedgerEntry): number => (sortKey(left) < sortKey(right) ? -1 : 1);

const sortKey = ({ accountId, roleName, createdAt }: LedgerEntry): string =>
  `${accountId}/${roleName}/${createdAt}`;

const COLUMNS = ['ACCOUNT', 'ROLE', 'PHASE', 'STEP', 'CLIENT ID', 'UPDATED', 'ERROR'];

const row = ({ accountId, roleName, phase, step, appId, updatedAt, error }: LedgerEntry): string[] => [
  accountId,
  roleName,
  phase,
  step,
  appId ?? '-',
  updatedAt,
  error === undefined ? '-' : `${error.code} (${error.step})`,
];
