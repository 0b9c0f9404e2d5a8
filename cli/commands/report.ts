import { Command, Option } from 'commander';
import { accountId } from '../../core/ids.ts';
import { LOGINS } from '../../credentials/login.ts';
import { withFactoryOptions } from '../factory-options.ts';
import type { Io } from '../io.ts';
import { listOf } from '../options.ts';
import type { AccessOptions } from '../report/access.ts';

const HELP = `
Every role that trusts the tenant, as the last sweep has seen it, those without the factory included: who gets in, by
which application, with which credentials, who made it, when it was last used. With a login to Entra that may read
applications (Application.Read.All), also the names of principals and what each application holds.

Needs, in the factory account, states:DescribeStateMachine, lambda:GetFunctionConfiguration and dynamodb:Query.

Examples:
  oidc-factory report access --profile factory --credential developer --csv > access.csv
  oidc-factory report access --account 111122223333 --json | jq '.roles[] | select(.subject == "open")'`;

const accessCommand = (io: Io): Command =>
  withFactoryOptions(new Command('access'))
    .summary('who can assume which role')
    .option('--account <ids>', 'only these accounts, separated by commas', listOf(accountId))
    .addOption(
      new Option(
        '--credential <login>',
        'how to log in to Entra (default: what the environment configures, else not at all)',
      ).choices(LOGINS),
    )
    .addOption(new Option('--csv', 'comma-separated values, for spreadsheets').conflicts('json'))
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: AccessOptions) => {
      const { reportAccess } = await import('../report/access.ts');
      await reportAccess(io, options);
    });

export const command = (io: Io): Command =>
  new Command('report').description('Reports for auditors. Changes nothing.').addCommand(accessCommand(io));
