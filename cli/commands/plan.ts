import { Command, InvalidArgumentError, Option } from 'commander';
import { DRIFT_REASONS, type DriftReason } from '../../core/drift/reasons.ts';
import { accountId, type RoleArn, roleArn } from '../../core/ids.ts';
import { withFactoryOptions } from '../factory-options.ts';
import type { Io } from '../io.ts';
import { listOf } from '../options.ts';
import type { PlanOptions } from '../plan/run.ts';

const HELP = `
The factory looks at the accounts as its sweeps do, and changes nothing: no role, no provider, no application. What
the plan holds, only apply starts. Kinds are the reasons that docs/drift.md lists.

--adopt names a role from before the factory. It gets an application of its own, whatever audience it trusts: those who
get in by that audience now are cut off.

Needs, in the factory account, states:DescribeStateMachine, lambda:GetFunctionConfiguration, dynamodb:GetItem,
dynamodb:Query, states:StartExecution and states:DescribeExecution.

Examples:
  oidc-factory plan --profile factory
  oidc-factory plan --account 111122223333 --exclude missed-deletion,orphaned-application --out plan.json
  oidc-factory plan --account 111122223333 --adopt arn:aws:iam::111122223333:role/old --out plan.json

Exit codes: 0 nothing to do, 1 apply would start something, 4 an account could not be planned.`;

export const command = (io: Io): Command =>
  withFactoryOptions(new Command('plan'))
    .option('--account <ids>', 'only these accounts, separated by commas', listOf(accountId))
    .addOption(new Option('--only <kinds>', 'only these kinds').argParser(kinds))
    .addOption(new Option('--exclude <kinds>', 'all kinds but these').argParser(kinds))
    .option(
      '--adopt <arn>',
      'a role from before the factory that is to be served; repeatable',
      (arn: string, arns: readonly RoleArn[] = []) => [...arns, roleArn(arn)],
    )
    .option('--out <file>', 'write the plan to a file, for apply')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: PlanOptions) => {
      const { plan } = await import('../plan/run.ts');
      await plan(io, options);
    });

const kinds = listOf((text): DriftReason => {
  const known = DRIFT_REASONS.find((reason) => reason === text);
  if (known) return known;
  throw new InvalidArgumentError(`${String(text)} is no kind of drift.`);
});
