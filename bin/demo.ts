#!/usr/bin/env node
/** Plays the main job once in a local cloud. Exit codes: 0 as it must be, 1 not so, 2 wrong arguments. */
import { parseArgs } from 'node:util';
import { type Moment, playMainJob } from '../sandbox/demo.ts';
import { startLocalCloud } from './local.ts';

const tell = ({ at, who, what, detail = [] }: Moment): void => {
  console.log(`${at.toFixed(1).padStart(6)} s  ${who.padEnd(14)}  ${what}`);
  for (const line of detail) console.log(`${' '.repeat(26)}${line}`);
};

async function main(): Promise<number> {
  let json: boolean;
  try {
    json = parseArgs({ options: { json: { type: 'boolean', default: false } } }).values.json;
  } catch (error) {
    console.error(`${(error as Error).message}\n\nnpm run demo [-- --json]`);
    return 2;
  }
  const sandbox = await startLocalCloud({
    members: 1,
    port: 0,
    timeScale: 0.05,
    progress: (line) => console.error(line),
  });
  const timeline: Moment[] = [];
  let problem: string | undefined;
  try {
    await playMainJob(sandbox.ready, (moment) => {
      timeline.push(moment);
      if (!json) tell(moment);
    });
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  } finally {
    await sandbox.close();
  }
  if (json) console.log(JSON.stringify({ ok: problem === undefined, timeline, ...(problem && { problem }) }));
  else if (problem) console.error(`\n${problem}`);
  else
    console.log(
      '\nThe main job works: created, trusted by exactly one application, removed without a trace.',
    );
  return problem === undefined ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  return 1;
});
