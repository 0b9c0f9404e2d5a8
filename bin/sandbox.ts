#!/usr/bin/env node
/** Serves the local cloud until SIGINT or SIGTERM. Exit codes: 0 stopped, 1 failed to start, 2 wrong arguments. */
import { parseArgs } from 'node:util';
import { startLocalCloud } from './local.ts';

const USAGE = `npm start -- [options]

  --json           print one line of JSON when ready, nothing else on standard output
  --port N         port of the AWS endpoint (default: any free one)
  --members N      member accounts, 1 to 50 (default 1)
  --time-scale X   length of a second of the product's waits, timeouts and pauses (default 0.1); tokens and
                   signatures keep real time`;

function options() {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      port: { type: 'string', default: '0' },
      members: { type: 'string', default: '1' },
      'time-scale': { type: 'string', default: '0.1' },
      help: { type: 'boolean', default: false },
    },
  });
  const number = (name: 'port' | 'members' | 'time-scale', from: number, to: number, whole: boolean) => {
    const value = Number(values[name]);
    if (values[name].trim() !== '' && value >= from && value <= to && (!whole || Number.isInteger(value)))
      return value;
    throw new RangeError(
      `--${name}: expected a ${whole ? 'whole ' : ''}number from ${from} to ${to}, got ${values[name]}`,
    );
  };
  return {
    json: values.json,
    help: values.help,
    port: number('port', 0, 65_535, true),
    members: number('members', 1, 50, true),
    // Below a hundredth, a function's scaled timeout is shorter than what it takes to run.
    timeScale: number('time-scale', 0.01, 10, false),
  };
}

async function main(): Promise<number> {
  let wanted: ReturnType<typeof options>;
  try {
    wanted = options();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (wanted.help) {
    console.log(USAGE);
    return 0;
  }
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  const sandbox = await startLocalCloud({ ...wanted, progress: (line) => console.error(line) });
  if (wanted.json) console.log(JSON.stringify(sandbox.ready));
  else {
    const { aws, entra } = sandbox.ready;
    console.log(`The local cloud is ready (Ctrl-C stops it).

  AWS endpoint     ${aws.endpoint}, region ${aws.region}
  factory account  ${aws.factory.accountId}
${aws.members.map((member) => `  member account   ${member.accountId}, provider ${member.providerArn}`).join('\n')}
  Entra            ${entra.authority}/${entra.tenantId}
  Graph            ${entra.graph}
  CA certificate   ${entra.caFile}

Keys and secrets: start it with --json.`);
  }
  await stopped;
  await sandbox.close();
  return 0;
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  return 1;
});
