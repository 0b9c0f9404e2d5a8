import { Command, InvalidArgumentError } from 'commander';
import { withFactoryOptions } from '../aws.ts';
import type { DecideOptions } from '../guard/decide.ts';
import type { ListOptions } from '../guard/list.ts';
import type { Io } from '../io.ts';

const HELP = `
For operators, with credentials of the factory account. list needs lambda:GetFunctionConfiguration and dynamodb:Scan;
quarantine and release need lambda:InvokeFunction on the guard's function alone, and act through it, in any mode.

Examples:
  oidc-factory guard list --profile factory
  oidc-factory guard quarantine --role-arn arn:aws:iam::111122223333:role/deploy --for 8h --note "INC-4711"
  oidc-factory guard release --role-arn arn:aws:iam::111122223333:role/deploy`;

export function command(io: Io): Command {
  const guard = new Command('guard').addHelpText('after', HELP);
  guard.addCommand(listCommand(io));
  guard.addCommand(
    withRole(decisionCommand('quarantine', 'cut off the federated sessions of a role, those that run too'))
      .option('--for <time>', 'how long, as 8h or 7d (default: until mended or released)', duration)
      .action(async (options: DecideOptions) => (await decide()).decide(io, 'quarantine', options)),
  );
  guard.addCommand(
    withRole(
      decisionCommand(
        'release',
        "take the guard's quarantine off a role; what stands does not bring it back",
      ),
    ).action(async (options: DecideOptions) => (await decide()).decide(io, 'release', options)),
  );
  return guard;
}

const decide = () => import('../guard/decide.ts');

const listCommand = (io: Io): Command =>
  withFactoryOptions(new Command('list'))
    .summary('roles with findings or a quarantine')
    .option('--account <id>', 'only roles of this account')
    .option('--all', 'also roles that nothing is wrong with, and those that are gone')
    .option('--json', 'one JSON object')
    .action(async (options: ListOptions) => {
      const { list } = await import('../guard/list.ts');
      await list(io, options);
    });

const decisionCommand = (name: string, summary: string): Command =>
  withFactoryOptions(new Command(name)).summary(summary).option('--json', 'one JSON object');

const withRole = (command: Command): Command =>
  command
    .requiredOption('--role-arn <arn>', 'the role')
    .option('--note <text>', 'why, for whoever looks later');

const HOUR = 3_600_000;

/** In milliseconds. */
function duration(text: string): number {
  const [, count = '', unit] = /^([1-9]\d{0,2})([hd])$/.exec(text) ?? [];
  if (unit === undefined) throw new InvalidArgumentError('expected hours or days, such as 8h or 7d');
  return Number(count) * (unit === 'h' ? HOUR : 24 * HOUR);
}
