/** Who can assume what, for people and for spreadsheets. */
import type { AccessRow } from '../../core/access-report.ts';
import { csvLine } from '../csv.ts';
import type { Io } from '../io.ts';
import { table } from '../table.ts';

export function printTable(io: Io, rows: readonly AccessRow[]): void {
  for (const line of table([COLUMNS, ...rows.map(row)], io.width)) io.out(line);
}

/** Lines end with CR LF, but on a terminal, which would show the one. */
export function printCsv(io: Io, rows: readonly AccessRow[]): void {
  const end = io.outputIsTerminal ? '' : '\r';
  for (const line of [CSV_COLUMNS, ...rows.map(csvRow)]) io.out(`${csvLine(line)}${end}`);
}

const COLUMNS = ['ACCOUNT', 'ROLE', 'FACTORY', 'SUB', 'APPLICATION', 'PRINCIPALS', 'LAST USED'];

const row = ({
  accountId,
  roleArn,
  factory,
  subject,
  application,
  audiences,
  principals,
  lastUsedAt,
}: AccessRow) => [
  accountId,
  roleArn.slice(roleArn.indexOf(':role/') + ':role/'.length),
  factory ?? '-',
  subject,
  application?.displayName ?? (audiences.join(' ') || '-'),
  principals.map(({ objectId, name }) => name ?? objectId).join(' ') || '-',
  lastUsedAt ?? '-',
];

const CSV_COLUMNS = [
  'account',
  'role',
  'factory',
  'subject',
  'audiences',
  'application',
  'clientId',
  'principals',
  'federatedCredentials',
  'secrets',
  'certificates',
  'owners',
  'createdBy',
  'createdAt',
  'lastUsedAt',
  'seenAt',
];

const csvRow = (one: AccessRow): string[] => [
  one.accountId,
  one.roleArn,
  one.factory ?? '',
  one.subject,
  list(one.audiences),
  one.application?.displayName ?? '',
  one.application?.clientId ?? '',
  list(one.principals.map(({ objectId, name }) => (name === null ? objectId : `${name} (${objectId})`))),
  list((one.application?.federatedCredentials ?? []).map(({ issuer, subject }) => `${issuer} ${subject}`)),
  list((one.application?.secrets ?? []).map(expiry)),
  list((one.application?.certificates ?? []).map(expiry)),
  list(one.application?.owners ?? []),
  one.createdBy ?? '',
  one.createdAt,
  one.lastUsedAt ?? '',
  one.seenAt,
];

const list = (values: readonly string[]): string => values.join('; ');

const expiry = ({ name, expiresAt }: { readonly name: string | null; readonly expiresAt: string }): string =>
  `${name ?? 'unnamed'} until ${expiresAt}`;
