#!/usr/bin/env node
/** Serves the local cloud until SIGINT or SIGTERM. Exit codes: 0 stopped, 1 failed to start, 2 wrong arguments. */
import { sandboxArguments } from './arguments.ts';
import { startLocalCloud } from './local.ts';
import { run } from './run.ts';

const USAGE = `npm start -- [options]

  --json           print one line of JSON when ready, nothing else on standard output
  --port N         port of the AWS endpoint (default: any free one)
  --members N      member accounts, 1 to 50 (default 1)
  --time-scale X   length of a second of the product's waits, timeouts and pauses (default 0.1); tokens and
                   signatures keep real time`;

async function main(): Promise<number> {
  const wanted = sandboxArguments(process.argv.slice(2));
  if (wanted.help) {
    console.log(USAGE);
    return 0;
  }
  const stopped = new Promise<void>((resolve) => {
    // Not once: a signal to the whole process group comes a second time by way of npm.
    process.on('SIGINT', resolve);
    process.on('SIGTERM', resolve);
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

await run(main, USAGE);
