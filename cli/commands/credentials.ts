import { Command, InvalidArgumentError, Option } from 'commander';
import { MISTAKES } from '../../core/mistakes.ts';
import { staleAccessKey } from '../../core/stale-access-key.ts';
import { CredentialsError } from '../../credentials/errors.ts';
import { credentialsFromEntra } from '../../credentials/from-entra.ts';
import { LOGINS, type LoginName } from '../../credentials/login.ts';
import { systemPorts } from '../../credentials/ports.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';

interface Flags {
  readonly roleArn: string;
  readonly audience: string;
  readonly credential?: LoginName;
  readonly sessionName?: string;
  readonly duration?: number;
  readonly region?: string;
  readonly force?: true;
}

const HELP = `
As a profile in ~/.aws/config, and what runs as the role:

  [profile nightly-export]
  region = eu-central-1
  credential_process = oidc-factory credentials --role-arn arn:aws:iam::111122223333:role/nightly-export
    --audience api://2f9b0c5e-6d0a-4c53-9f0f-1a2b3c4d5e6f            (both on one line)

  aws sts get-caller-identity --profile nightly-export

Only to see why it fails:

  oidc-factory credentials --role-arn … --audience … > /dev/null

The login is what the environment configures: AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE, with AZURE_TENANT_ID
and AZURE_CLIENT_ID; the service connection of Azure Pipelines, with SYSTEM_ACCESSTOKEN; else the managed identity, of
several the one of AZURE_CLIENT_ID. A developer's own login is used with --credential developer only.`;

/** AWS credentials of a role, printed as programs expect them of a `credential_process`. */
export const command = (io: Io): Command =>
  new Command('credentials')
    .description(
      'Logs in to Entra, exchanges the token at AWS STS, and prints the session as credential_process has it: one ' +
        'JSON object on standard output, everything else on standard error. Nothing is kept: each call logs in.',
    )
    .requiredOption('--role-arn <arn>', 'the role to be')
    .requiredOption('--audience <audience>', "value of the role's tag oidc-factory:audience")
    .addOption(new Option('--credential <login>', 'how to log in to Entra').choices(LOGINS))
    .option('--session-name <name>', 'name of the session in CloudTrail (default: <host name>@<client id>)')
    .option(
      '--duration <seconds>',
      "length of the session, 900 to the role's maximum (default: 3600)",
      seconds,
    )
    .option(
      '--region <region>',
      'of STS (default: AWS_REGION, AWS_DEFAULT_REGION, else us-east-1 or its like)',
    )
    .option('--force', 'print the secrets to a terminal too')
    .option('--json', 'print a failure as one JSON object')
    .addHelpText('after', HELP)
    .action((flags: Flags) => print(flags, io));

function seconds(value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  throw new InvalidArgumentError('Expected a number of seconds.');
}

async function print({ force, duration, ...flags }: Flags, io: Io): Promise<void> {
  if (io.outputIsTerminal && !force) {
    throw new CommandFailure(
      'usage',
      'TerminalRefused',
      'Standard output is a terminal, and this is secret',
      {
        remedy: 'Name the command as credential_process of a profile; with --force it prints to a terminal.',
      },
    );
  }
  warnOfStaleKey(io);
  const credentials = credentialsFromEntra({ ...flags, durationSeconds: duration }, io.env, systemPorts);
  const identity = await credentials().catch((error: unknown) => {
    throw error instanceof CredentialsError ? asFailure(error) : error;
  });
  io.out(
    JSON.stringify({
      Version: 1,
      AccessKeyId: identity.accessKeyId,
      SecretAccessKey: identity.secretAccessKey,
      SessionToken: identity.sessionToken,
      Expiration: identity.expiration?.toISOString(),
      AccountId: identity.accountId,
    }),
  );
}

function warnOfStaleKey(io: Io): void {
  const key = staleAccessKey(io.env);
  if (key === undefined) return;
  const { cause, remedy } = MISTAKES.StaleAccessKey;
  io.tell(`${io.paint('yellow', 'StaleAccessKey')}: ${cause} It is ${key}. ${remedy}`);
}

function asFailure(error: CredentialsError): CommandFailure {
  const { code, side, summary, remedy, mayBe } = error;
  const outcome = error.retryable ? 'unavailable' : side === 'workload' ? 'usage' : 'refused';
  const facts = { side, ...error.facts, ...(mayBe.length > 0 && { mayBe: mayBe.join(', ') }) };
  return new CommandFailure(outcome, code, summary, { remedy, facts });
}
