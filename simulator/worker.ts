/** One thread of a simulation: runs the schedules that it is given and answers what they came to. */
import { parentPort } from 'node:worker_threads';
import { generate } from './generate.ts';
import { run } from './run.ts';
import type { Schedule } from './schedule.ts';
import { count, emptyTally } from './tally.ts';

/** Schedules, or the seeds of some. */
export type Work = { readonly seeds: readonly number[] } | { readonly schedules: readonly Schedule[] };

export async function perform(work: Work): Promise<ReturnType<typeof emptyTally>> {
  const tally = emptyTally();
  const schedules = 'seeds' in work ? work.seeds.map(generate) : work.schedules;
  for (const schedule of schedules) count(tally, schedule, await run(schedule));
  return tally;
}

// Errors are part of the game here, and nobody reads where they came from.
if (parentPort) Error.stackTraceLimit = 0;

parentPort?.on('message', async (work: Work) => {
  parentPort?.postMessage(await perform(work));
});
