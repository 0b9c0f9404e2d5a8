import { Command, InvalidArgumentError, Option } from 'commander';
import { PHASES } from '../../core/ledger-entry.ts';
import { withFactoryOptions } from '../aws.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import type { LedgerQuery } from '../status/ledger.ts';
import type { RoleQuery } from '../status/role.ts';

const HELP = `
With --role-arn: what the factory has written on one role, for its developer. Needs iam:GetRole alone. --wait asks
again until the role is ready (0), failed or ignored (1), or the time is over (4).

Otherwise: what the factory's ledger knows, for its operator, without what is removed unless --phase says so; whether
the factory is paused, its mode, and its last sweep. With --accounts by account: how many roles in which phase, how near
the limits, whether its events arrive. Needs, in the factory account, states:DescribeStateMachine,
lambda:GetFunctionConfiguration, dynamodb:GetItem, dynamodb:Query and dynamodb:Scan.

Examples:
  oidc-factory status --role-arn arn:aws:iam::111122223333:role/deploy --wait
  oidc-factory status --profile factory --phase failed
  oidc-factory status --account 111122223333 --role deploy --json
  oidc-factory status --accounts --json | jq '.accounts[] | select(.coverage != "covered")'`;

/** IAM's changes take seconds, a run with retries minutes. */
const PATIENCE_SECONDS = 900;

type StatusOptions = Partial<RoleQuery> & LedgerQuery;

export const command = (io: Io): Command =>
  withFactoryOptions(new Command('status'))
    .addOption(
      new Option('--role-arn <arn>', 'the role whose status to show').conflicts([
        'account',
        'phase',
        'role',
        'accounts',
        'config',
      ]),
    )
    .option('--wait', 'wait until the role is ready, ignored or failed')
    .option('--timeout <seconds>', 'how long to wait', seconds, PATIENCE_SECONDS)
    .option('--account <id>', 'only roles of this account')
    .addOption(new Option('--phase <phase>', 'only roles in this phase').choices(PHASES))
    .option('--role <name>', 'only roles of this name')
    .addOption(new Option('--accounts', 'accounts instead of roles').conflicts(['account', 'phase', 'role']))
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async ({ roleArn, timeout = PATIENCE_SECONDS, ...options }: StatusOptions) => {
      if (roleArn !== undefined) {
        const { showRole } = await import('../status/role.ts');
        await showRole(io, { ...options, roleArn, timeout });
      } else if (options.wait) {
        throw new CommandFailure('usage', 'InvalidArguments', '--wait waits for one role: say --role-arn');
      } else {
        const { showLedger } = await import('../status/ledger.ts');
        await showLedger(io, options);
      }
    });

function seconds(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number of seconds');
}
