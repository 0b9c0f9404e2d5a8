#!/usr/bin/env node
/** Runs the factory under chaos in a local cloud. Exit codes: 0 no violation, 1 violations, 2 wrong arguments. */
import { summary } from '../sandbox/chaos/report.ts';
import { createChaos } from '../sandbox/chaos/run.ts';
import { chaosArguments } from './arguments.ts';
import { startLocalCloud } from './local.ts';
import { run } from './run.ts';

const USAGE = `npm run chaos -- --roles N --seed S [options]

  --roles N        role names that developers use, 1 to 2000
  --seed S         draws the developers' script, the events' delays, and what breaks when: a whole number from 0.
                   The same seed gives the same script; what meets what depends on the machine
  --members M      member accounts, 1 to 50 (default: one for 50 roles, at least 2)
  --time-scale X   length of a second of the product's waits, 0.02 to 1 (default 0.1)
  --json           print one line of JSON at the end, nothing else on standard output`;

async function main(): Promise<number> {
  const { json, help, members, timeScale, ...wanted } = chaosArguments(process.argv.slice(2));
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const progress = (line: string): void => console.error(line);
  const chaos = createChaos({ ...wanted, timeScale });
  const sandbox = await startLocalCloud({ members, timeScale, port: 0, progress, ...chaos.starting });
  try {
    const report = await chaos.run(sandbox, progress);
    console.log(json ? JSON.stringify(report) : summary(report).join('\n'));
    return report.ok ? 0 : 1;
  } finally {
    await sandbox.close();
  }
}

await run(main, USAGE);
