/** The roles that the guard knows of. */
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { isOpen } from '../../core/guard/findings.ts';
import { isContained, type RoleFile } from '../../core/guard/role-file.ts';
import { filesIn } from '../../lambdas/adapters/guard-record.ts';
import { guardStoreSection } from '../../lambdas/guard-role/settings.ts';
import { readSections } from '../../lambdas/settings.ts';
import { calling, clientConfig } from '../aws.ts';
import type { Io } from '../io.ts';
import { table } from '../table.ts';
import { type GuardOptions, guardFunction, guardVariables } from './function.ts';

export interface ListOptions extends GuardOptions {
  readonly account?: string;
  readonly all?: true;
  readonly json?: true;
}

export async function list(io: Io, query: ListOptions): Promise<void> {
  const variables = await guardVariables(io, query);
  const { store } = readSections(variables, { store: guardStoreSection });
  const roles = (await filesOf(io, query, store.table)).filter((file) => isWanted(file, query)).sort(byRole);
  if (query.json) io.out(JSON.stringify({ mode: variables.GUARD_MODE, roles }));
  else if (roles.length === 0) io.out('The guard has nothing against any role.');
  else for (const line of table([COLUMNS, ...roles.map(row)], io.width)) io.out(line);
}

async function filesOf(io: Io, query: ListOptions, TableName: string): Promise<RoleFile[]> {
  const client = new DynamoDBClient(clientConfig(io, guardFunction(query).options));
  const files: RoleFile[] = [];
  await calling(`dynamodb:Scan ${TableName}`, async () => {
    for await (const page of paginateScan({ client }, { TableName, ConsistentRead: true })) {
      files.push(...filesIn(page.Items ?? []));
    }
  });
  return files;
}

const isWanted = (file: RoleFile, { account, all }: ListOptions): boolean =>
  (account === undefined || file.accountId === account) &&
  (all === true || (file.goneAt === undefined && (file.findings.some(isOpen) || isContained(file))));

const byRole = (left: RoleFile, right: RoleFile): number => (left.roleArn < right.roleArn ? -1 : 1);

const COLUMNS = ['ACCOUNT', 'ROLE', 'QUARANTINE', 'SINCE', 'FINDINGS'];

const row = ({ accountId, roleName, containment, findings }: RoleFile): string[] => [
  accountId,
  roleName,
  containment?.phase ?? '-',
  containment?.since ?? '-',
  findings
    .filter(isOpen)
    .map(({ rule, severity }) => `${rule} ${severity}`)
    .join(', ') || '-',
];
