import { Argument, Command, Option } from 'commander';
import { SEVERITIES } from '../../core/lint/finding.ts';
import { withAwsOptions } from '../aws.ts';
import type { Io } from '../io.ts';
import type { LintOptions } from '../lint/run.ts';

const HELP = `
Files: trust policies, CloudFormation templates (JSON or YAML, synthesized CDK among them), answers of
GetAccountAuthorizationDetails, GetRole or ListRoles. Without files: the account of the credentials, which needs
iam:GetAccountAuthorizationDetails, iam:ListOpenIDConnectProviders and iam:GetOpenIDConnectProvider.

The rules, how to accept a finding, and what the linter cannot know: docs/lint.md.
Exits with 1 where something was found, or a role could not be judged.

Examples:
  oidc-factory lint --profile audit
  oidc-factory lint cdk.out/*.template.json --format sarif > lint.sarif
  aws iam get-role --role-name deploy | oidc-factory lint - --fail-on medium`;

export const command = (io: Io): Command =>
  withAwsOptions(new Command('lint'))
    .addArgument(new Argument('[file...]', 'what to judge (- for standard input)'))
    .addOption(
      new Option('--format <format>', 'of the answer')
        .choices(['text', 'json', 'sarif', 'ocsf'])
        .default('text'),
    )
    .option('--json', 'one JSON object, as --format json')
    .addOption(
      new Option('--fail-on <severity>', 'the least that counts').choices(SEVERITIES).default('high'),
    )
    .option('--issuer <url...>', 'issuers that may have a provider; others are found (WR08)')
    .option('--suppressions <file>', 'findings that are accepted, with reason and last day')
    .addHelpText('after', HELP)
    .action(async (files: string[], options: LintOptions) => {
      const { runLint } = await import('../lint/run.ts');
      await runLint(io, files, options);
    });
