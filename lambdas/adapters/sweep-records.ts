/** What sweeps leave in the ledger's table: one item for each account of a sweep, one for the sweep. */
import { PutItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { AccountAccess } from '../../core/access.ts';
import type { Step } from '../../core/drift/step.ts';
import { accountId, eventId } from '../../core/ids.ts';
import type { AccountFindings, SweepReport } from '../../core/sweep.ts';
import type { AccountLedger, SweepRecords } from '../sweep-ports.ts';
import { calling } from './aws-errors.ts';
import { type DynamoLedgerOptions, dynamoClient, TABLE_ERRORS } from './ledger.ts';
import { entryOf, fieldsOf, type Item, read } from './ledger-items.ts';

/** Index of entries by account. */
const ACCOUNT_INDEX = 'by-account';

const DAY_SECONDS = 24 * 60 * 60;
/** Findings are of use while their sweep is one of the last; reports are for audits, as removed entries are. */
const FINDINGS_DAYS = 14;
const REPORT_DAYS = 400;
/** An item holds 400 KB. What is left out is there at the next sweep again. */
const MOST_STEPS = 500;

export function sweepRecords({
  table,
  client = dynamoClient(),
}: DynamoLedgerOptions): SweepRecords & AccountLedger {
  const put = (item: Item, what: string) =>
    calling(`PutItem of ${what}`, TABLE_ERRORS, () =>
      client.send(new PutItemCommand({ TableName: table, Item: item })),
    );

  async function query(index: string | undefined, key: string, value: string): Promise<Item[]> {
    const items: Item[] = [];
    const input = {
      TableName: table,
      ...(index !== undefined && { IndexName: index }),
      KeyConditionExpression: '#key = :value',
      ExpressionAttributeNames: { '#key': key },
      ExpressionAttributeValues: { ':value': { S: value } },
    };
    await calling(`Query of ${value}`, TABLE_ERRORS, async () => {
      for await (const page of paginateQuery({ client }, input)) items.push(...(page.Items ?? []));
    });
    return items;
  }

  return {
    entriesOf: async (account) => (await query(ACCOUNT_INDEX, 'accountId', account)).map(entryOf),

    found: async (sweepId, { accountId: roleId, steps, heartbeatMissing, ...rest }, now) => {
      const key = { role: { S: findingsKey(sweepId) }, roleId: { S: roleId } };
      const findings = fieldsOf({ ...rest, steps: JSON.stringify(steps.slice(0, MOST_STEPS)), sweptAt: now });
      const item = { ...key, ...findings, heartbeatMissing: { BOOL: heartbeatMissing } };
      await put({ ...item, ...until(now, FINDINGS_DAYS) }, 'findings');
    },

    findingsOf: async (sweepId) => (await query(undefined, 'role', findingsKey(sweepId))).map(findingsIn),

    report: async (report) => {
      const { id, removalsHeld, ...fields } = report;
      const key = { role: { S: REPORTS }, roleId: { S: id } };
      const item = { ...key, ...fieldsOf(fields), removalsHeld: { BOOL: removalsHeld } };
      await put({ ...item, ...until(report.endedAt, REPORT_DAYS) }, 'a report');
    },

    accessSeen: async (account, access, now) => {
      const key = { role: { S: ACCESS }, roleId: { S: account } };
      await put({ ...key, ...fieldsOf({ ...access, seenAt: now }), ...until(now, FINDINGS_DAYS) }, 'access');
    },
  };
}

/** Partition keys; the sort keys are accounts, but those of reports are sweeps. */
export const REPORTS = 'sweep';
export const ACCESS = 'access';
export const findingsKey = (sweepId: string): string => `sweep#${sweepId}`;

const until = (now: string, days: number): Item => ({
  expiresAt: { N: String(Math.floor(Date.parse(now) / 1000) + days * DAY_SECONDS) },
});

/** Only this adapter writes these items; so of those below. */
export function findingsIn({ roleId, steps, heartbeatMissing, outcome, mode }: Item): AccountFindings {
  return {
    accountId: accountId(roleId?.S),
    outcome: outcome?.S as AccountFindings['outcome'],
    ...(mode && { mode: read(mode) as NonNullable<AccountFindings['mode']> }),
    steps: JSON.parse(steps?.S ?? '[]') as Step[],
    heartbeatMissing: heartbeatMissing?.BOOL === true,
  };
}

export const reportIn = ({
  role: _role,
  roleId,
  expiresAt: _ttl,
  removalsHeld,
  ...fields
}: Item): SweepReport =>
  ({
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, read(value)])),
    id: eventId(roleId?.S),
    removalsHeld: removalsHeld?.BOOL === true,
  }) as unknown as SweepReport;

export const accessIn = ({ roleId, roles, left, seenAt }: Item) => ({
  accountId: accountId(roleId?.S),
  roles: (roles ? read(roles) : []) as AccountAccess['roles'],
  left: Number(left?.N ?? 0),
  seenAt: seenAt?.S ?? '',
});
