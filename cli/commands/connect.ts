import { Command, Option } from 'commander';
import { withAwsOptions } from '../aws.ts';
import type { ConnectOptions } from '../connect/run.ts';
import { TARGETS } from '../connect/targets.ts';
import type { Io } from '../io.ts';

const HELP = `
Says what remains to be done where the workload runs, with the role's values filled in: what to put into the sub
condition or on the Entra application, the AWS profile, code for boto3 and the SDK, the CI job. Where AWS can trust
the CI system itself, it says so. Reads the role's tags and trust policy: needs iam:GetRole alone, and writes nothing.

  azure          a managed identity: virtual machines, App Service, Functions, Container Apps, Arc
  aks            a pod of Azure Kubernetes Service
  github         a job of GitHub Actions
  gitlab         a job of GitLab CI
  azure-devops   a pipeline of Azure DevOps
  onprem         a machine elsewhere, with a client secret

Ends with 1 where the role is not ready, and says why.

Examples:
  oidc-factory connect --role-arn arn:aws:iam::111122223333:role/deploy --for azure
  oidc-factory connect --role-arn arn:aws:iam::111122223333:role/deploy --for github --json | jq -r .snippets.workflow`;

export const command = (io: Io): Command =>
  withAwsOptions(new Command('connect'))
    .requiredOption('--role-arn <arn>', 'the role')
    .addOption(new Option('--for <place>', 'where the workload runs').choices(TARGETS).makeOptionMandatory())
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: ConnectOptions) => {
      const { runConnect } = await import('../connect/run.ts');
      await runConnect(io, options);
    });
