import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { hasFailed, retryOf } from '../../core/retry.ts';
import { agreed } from '../agree.ts';
import { calling, clientConfig } from '../aws.ts';
import { type DeployedFactory, deployedFactory, type FactoryOptions, ledgerEntries } from '../factory.ts';
import { EXIT } from '../failure.ts';
import type { Io } from '../io.ts';
import { table } from '../table.ts';

export interface RetryOptions extends FactoryOptions {
  readonly account?: string;
  readonly role?: string;
  readonly yes?: true;
  readonly json?: true;
}

export async function retry(io: Io, given: RetryOptions): Promise<void> {
  const factory = await deployedFactory(io, given);
  const wanted = (await ledgerEntries(io, factory)).filter((entry) => isWanted(entry, given));
  const say = given.json ? io.tell : io.out;
  if (wanted.length === 0) {
    say('No run of such a role has failed.');
    if (given.json) io.out(JSON.stringify({ started: [] }));
    io.exitCode = EXIT.no;
    return;
  }
  for (const line of table([COLUMNS, ...wanted.map(row)], io.width)) say(line);
  const started = (await agreed(io, given.yes, `Run ${wanted.length} again?`))
    ? await startAll(io, factory, wanted, say)
    : [];
  if (given.json) io.out(JSON.stringify({ started }));
}

async function startAll(
  io: Io,
  { options, stateMachineArn }: DeployedFactory,
  entries: readonly LedgerEntry[],
  say: (line: string) => void,
) {
  const states = new SFNClient(clientConfig(io, options));
  const started: { accountId: string; roleName: string; workflow: string; execution: string }[] = [];
  const now = Date.now();
  for (const [index, entry] of entries.entries()) {
    const { workflow, name, run } = retryOf(entry, now + index);
    const { accountId, roleName } = entry;
    const { executionArn: execution = '' } = await calling(`states:StartExecution ${workflow}`, () =>
      states.send(
        new StartExecutionCommand({
          stateMachineArn: stateMachineArn(workflow),
          name,
          input: JSON.stringify(run),
        }),
      ),
    );
    started.push({ accountId, roleName, workflow, execution });
    say(`${started.length}/${entries.length} ${workflow} ${accountId} ${roleName}: ${execution}`);
  }
  return started;
}

const isWanted = (entry: LedgerEntry, { account, role }: RetryOptions): boolean =>
  hasFailed(entry) &&
  (account === undefined || entry.accountId === account) &&
  (role === undefined || entry.roleName.toLowerCase() === role.toLowerCase());

const COLUMNS = ['ACCOUNT', 'ROLE', 'PHASE', 'ERROR', 'RUNS AGAIN AS'];

const row = (entry: LedgerEntry): string[] => [
  entry.accountId,
  entry.roleName,
  entry.phase,
  entry.error ? `${entry.error.code} (${entry.error.step})` : '-',
  retryOf(entry, 1).workflow,
];
