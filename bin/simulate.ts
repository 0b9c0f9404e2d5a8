#!/usr/bin/env node
/**
 * Explores what can go wrong, in simulated clouds and virtual time. Exit codes: 0 every invariant held, 1 one did
 * not, 2 wrong arguments.
 */
import { reportOf, simulate } from '../simulator/simulate.ts';
import { simulateArguments } from './arguments.ts';
import { run } from './run.ts';

const USAGE = `npm run simulate -- [--runs N] [--seed S] [--exhaustive] [--burst] [--sweep] [--json]

  --runs N      schedules by chance (default 1000; 0 with --exhaustive, --burst or --sweep)
  --seed S      the first one's seed (default 1); --runs 1 --seed S plays that schedule alone
  --exhaustive  every single fault, every pair of faults and every interleaving
  --burst       5,000 roles over 500 accounts at once, against the services' limits
  --sweep       two sweeps over 1,000 accounts with 90 roles each, against the services' limits
  --json        one line of JSON at the end, and nothing else on standard output`;

async function main(): Promise<number> {
  const options = simulateArguments(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const report = await simulate(options, (line) => console.error(line));
  console.log(options.json ? JSON.stringify(report.json) : reportOf(report));
  return report.json.violations === 0 ? 0 : 1;
}

await run(main, USAGE);
