import { Command, Option } from 'commander';
import { withAwsOptions } from '../aws.ts';
import type { Io } from '../io.ts';
import type { ScanOptions } from '../scan/run.ts';
import { withSettings } from '../settings-options.ts';

const HELP = `
For each role that trusts the tenant: what the factory would do with it and why, whether its sub condition keeps
strangers of the tenant out (open, pinned; closed: nobody gets in), policies that make it an administrator. For
each provider of the tenant: spelling, free places of 100, whether the console offers the placeholder.

Reads, and never writes. Needs iam:GetAccountAuthorizationDetails, iam:ListOpenIDConnectProviders and
iam:GetOpenIDConnectProvider; from a file, nothing at all. Without --config and --tenant: every tenant found.

Examples:
  oidc-factory scan --profile audit --tenant 11111111-2222-4333-8444-555555555555
  aws iam get-account-authorization-details --filter Role LocalManagedPolicy --output json > account.json
  oidc-factory scan --file account.json --json`;

export const command = (io: Io): Command =>
  withAwsOptions(withSettings(new Command('scan')))
    .addOption(
      new Option('--file <file>', 'what GetAccountAuthorizationDetails answered (- for standard input)')
        .conflicts('profile')
        .conflicts('region'),
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: ScanOptions) => {
      const { runScan } = await import('../scan/run.ts');
      await runScan(io, options);
    });
