import { Command, Option } from 'commander';
import { LOGINS } from '../../credentials/login.ts';
import type { DoctorOptions } from '../doctor/run.ts';
import type { Io } from '../io.ts';

export const command = (io: Io): Command =>
  new Command('doctor')
    .description(
      'Checks every link of the chain from a role event to a role that works, in the member account, the factory ' +
        'account and the tenant: OK, FAIL or UNKNOWN, and what to do. Changes nothing. What the caller may not see is ' +
        'UNKNOWN, with the permission that is missing.',
    )
    .option('--role-arn <arn>', 'one role, beside the chain')
    .option('--token-file <file>', 'a token that is not let into the role, - for standard input')
    .addOption(new Option('--claims <file>', 'its claims instead, as JSON').conflicts('tokenFile'))
    .option('--config <file>', "the factory's config (default: oidc-factory.json)")
    .option(
      '--profile <name>',
      'profile with credentials of the member account (default: as the environment says)',
    )
    .option(
      '--factory-profile <name>',
      'profile with credentials of the factory account (default: --profile)',
    )
    .addOption(
      new Option(
        '--credential <login>',
        'how to log in to Entra (default: what the environment configures, else not at all)',
      ).choices(LOGINS),
    )
    .option('--json', 'one JSON object with all checks')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('../doctor/run.ts');
      await runDoctor(io, options);
    });

const EXAMPLES = `
Examples:
  oidc-factory doctor --profile member --factory-profile factory --credential developer
  oidc-factory doctor --role-arn arn:aws:iam::111122223333:role/deploy
  az account get-access-token --scope <audience>/.default --query accessToken --output tsv |
    oidc-factory doctor --role-arn arn:aws:iam::111122223333:role/deploy --token-file -
  oidc-factory doctor --json | jq '.checks[] | select(.status == "FAIL")'

Exit codes: 0 nothing fails, 1 something does. UNKNOWN is no failure.`;
