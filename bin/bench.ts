#!/usr/bin/env node
/** Runs the benchmarks. Exit codes: 0 everything within its bound, 1 something is not, 2 wrong arguments. */
import { cpus } from 'node:os';
import { bench } from '../bench/bench.ts';
import { isPast, reportText } from '../bench/figures.ts';
import { SECTION_NAMES } from '../bench/sections.ts';
import { benchArguments } from './arguments.ts';
import { run } from './run.ts';

const USAGE = `npm run bench -- [options]

  --only A,B       some of ${SECTION_NAMES.join(', ')} (default: all)
  --records FILE   an organization's events for edge, a CloudTrail record or EventBridge event in each line
                   (default: the fixtures of the tests)
  --json           print one line of JSON at the end, nothing else on standard output`;

async function main(): Promise<number> {
  const { json, help, ...wanted } = benchArguments(process.argv.slice(2));
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const sections = await bench({ ...wanted, tell: (line) => console.error(line) });
  const ok = !sections.some(({ figures }) => figures.some(isPast));
  const [{ model = 'unknown' } = {}] = cpus();
  const machine = { date: new Date().toISOString(), node: process.version, cpu: model, cores: cpus().length };
  if (json) {
    const told = sections.map(({ title, figures, details }) => ({ title, figures, details }));
    console.log(JSON.stringify({ ok, machine, sections: told }));
  } else {
    console.log(`${machine.date}, Node ${machine.node}, ${machine.cores} × ${machine.cpu}\n`);
    console.log(reportText(sections));
  }
  return ok ? 0 : 1;
}

await run(main, USAGE);
