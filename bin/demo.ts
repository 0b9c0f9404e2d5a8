#!/usr/bin/env node
/** Plays the main job once in a local cloud. Exit codes: 0 as it must be, 1 not so, 2 wrong arguments. */
import { type Moment, playMainJob } from '../sandbox/demo.ts';
import { demoArguments } from './arguments.ts';
import { startLocalCloud } from './local.ts';
import { run } from './run.ts';

const tell = ({ at, who, what, detail = [] }: Moment): void => {
  console.log(`${at.toFixed(1).padStart(6)} s  ${who.padEnd(14)}  ${what}`);
  for (const line of detail) console.log(`${' '.repeat(26)}${line}`);
};

async function main(): Promise<number> {
  const { json } = demoArguments(process.argv.slice(2));
  const sandbox = await startLocalCloud({
    members: 1,
    port: 0,
    timeScale: 0.05,
    progress: (line) => console.error(line),
  });
  // What is under way fails then, and the way out is the usual one.
  const stop = () => void sandbox.close().catch((error: unknown) => console.error(error));
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
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

await run(main, 'npm run demo [-- --json]');
