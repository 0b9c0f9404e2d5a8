import { DRIFT, type DriftReason } from '../../core/drift/reasons.ts';
import type { AccountId } from '../../core/ids.ts';
import type { SweepReport } from '../../core/sweep.ts';
import { deployedFactory, type FactoryOptions } from '../factory.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import type { Io } from '../io.ts';
import { table } from '../table.ts';
import { runSweep } from './execution.ts';

export interface SweepOptions extends FactoryOptions {
  readonly account?: readonly AccountId[];
  readonly json?: true;
}

export async function sweep(io: Io, { account, json, ...given }: SweepOptions): Promise<void> {
  const factory = await deployedFactory(io, given);
  const report = (await runSweep(io, factory, account ? { accounts: account } : {})) as SweepReport | 'skip';
  if (report === 'skip') {
    throw new CommandFailure('unavailable', 'SweepRunning', 'An earlier sweep still runs', {
      remedy: 'Wait for its end: oidc-factory status shows the last one.',
    });
  }
  if (json) io.out(JSON.stringify(report));
  else for (const line of reportLines(report, io.width)) io.out(line);
  if (report.failed.length > 0 || report.removalsHeld) io.exitCode = EXIT.no;
}

export function reportLines(report: SweepReport, width: number | undefined): string[] {
  const { endedAt, accounts, swept, absent, failed, heartbeatMissing, findings } = report;
  const { started, removals, removalsHeld } = report;
  const found = Object.entries(findings).map(([reason, times]) => [
    `  ${times}`,
    reason,
    DRIFT[reason as DriftReason].text,
  ]);
  return [
    `Sweep of ${endedAt}: ${swept} of ${accounts} accounts looked at, ${started} runs started`,
    ...(absent > 0 ? [`Without the member stack: ${absent}`] : []),
    ...(failed.length > 0 ? [`Could not be asked: ${failed.join(' ')}`] : []),
    ...(heartbeatMissing.length > 0 ? [`Events do not arrive from: ${heartbeatMissing.join(' ')}`] : []),
    ...(removalsHeld ? [`${removals} removals are more than one sweep may start: none was started`] : []),
    ...(found.length > 0
      ? table([['  COUNT', 'FOUND', 'WHAT IT IS'], ...found], width)
      : ['Nothing is wrong.']),
  ];
}
