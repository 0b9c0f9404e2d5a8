import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { NotifyPorts } from '../notify-team/ports.ts';
import { calling } from './aws-errors.ts';
import { CONTROL_KEY, controlOf } from './control-items.ts';
import { dynamoLedger, TABLE_ERRORS } from './ledger.ts';
import { entriesIn, type Item } from './ledger-items.ts';

interface LedgerOverviewOptions {
  readonly table: string;
  readonly client: DynamoDBClient;
}

/** The whole of the ledger's table. A scan: once an hour, of a few megabytes, it costs less than an index would. */
export function ledgerOverview({ table, client }: LedgerOverviewOptions): NotifyPorts['ledger'] {
  const ledger = dynamoLedger({ table, client });
  return {
    about: async ({ accountId, roleName, roleId }) => {
      if (accountId === undefined || roleName === undefined) return undefined;
      const incarnations = await ledger.incarnations(accountId, roleName);
      return incarnations.find((entry) => entry.roleId === roleId) ?? newest(incarnations);
    },
    overview: () =>
      calling('Scan the ledger', TABLE_ERRORS, async () => {
        const items: Item[] = [];
        for await (const page of paginateScan({ client }, { TableName: table })) {
          items.push(...(page.Items ?? []));
        }
        return {
          control: controlOf(items.find(({ role }) => role?.S === CONTROL_KEY.role?.S)),
          entries: entriesIn(items),
        };
      }),
  };
}

const newest = (entries: readonly LedgerEntry[]): LedgerEntry | undefined =>
  [...entries].sort((left, right) => (left.updatedAt < right.updatedAt ? 1 : -1))[0];
