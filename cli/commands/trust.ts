import { Command, Option } from 'commander';
import type { Io } from '../io.ts';
import type { CheckOptions } from '../trust/check.ts';
import type { RewriteOptions } from '../trust/rewrite.ts';

const REWRITE_HELP = `
Examples:
  oidc-factory trust rewrite policy.json --audience api://a9900000-0000-4000-8000-000000000001 \\
    --subject 5e990000-0000-4000-8000-000000000002 --provider-arn \\
    arn:aws:iam::111122223333:oidc-provider/sts.windows.net/11111111-2222-4333-8444-555555555555/ > new.json
  aws iam get-role --role-name deploy --query Role.AssumeRolePolicyDocument |
    oidc-factory trust rewrite --audience … --subject … --provider-arn … --json`;

const rewriteCommand = (io: Io): Command =>
  new Command('rewrite')
    .summary('the trust policy as the factory would write it')
    .description(
      'The trust policy as the factory would write it: the audience in the place of the placeholder, sub pinned, everything else as it was. Writes the policy to standard output, and what has changed to standard error.',
    )
    .argument('[policy]', 'file with the trust policy, - for standard input', '-')
    .requiredOption('--provider-arn <arn>', "the tenant's OIDC provider, as it is in the account")
    .requiredOption('--audience <audience>', "the application's: api://<client id>")
    .option(
      '--subject <object id>',
      'of the service principal that may enter; needed where the policy pins none',
    )
    .option(
      '--config <file>',
      "the factory's config, for placeholders of your own (default: oidc-factory.json, where there is one)",
    )
    .option('--json', 'one object: policy, changes and warnings')
    .addHelpText('after', REWRITE_HELP)
    .action(async (file: string, options: RewriteOptions) => {
      const { runRewrite } = await import('../trust/rewrite.ts');
      runRewrite(io, file, options);
    });

const CHECK_HELP = `
A token is read from a file or from standard input, never from an argument. Exit code 0: let in, 1: refused.

Examples:
  ARN=arn:aws:iam::111122223333:oidc-provider/sts.windows.net/11111111-2222-4333-8444-555555555555/
  aws iam get-open-id-connect-provider --open-id-connect-provider-arn $ARN > provider.json
  aws iam get-role --role-name deploy --query Role.AssumeRolePolicyDocument > policy.json
  az account get-access-token --scope api://<client id>/.default --query accessToken --output tsv |
    oidc-factory trust check policy.json --provider-arn $ARN --provider provider.json
  oidc-factory trust check policy.json --provider-arn $ARN --client-id api://<client id> --claims claims.json`;

const checkCommand = (io: Io): Command =>
  new Command('check')
    .summary('whether a token would be let in, and if not, why')
    .description(
      "Whether STS would let the bearer of a token into a role, and if not: which statement and condition refuse it, and the smallest change that would let it in. The token's signature is not checked. Nothing is sent anywhere, and the token is not shown.",
    )
    .argument('<policy>', "file with the role's trust policy, - for standard input")
    .requiredOption('--provider-arn <arn>', "the OIDC provider, as it is in the role's account")
    .option(
      '--client-id <id>',
      "a client id of the provider's list; repeatable",
      (id: string, ids: string[] = []) => [...ids, id],
    )
    .addOption(
      new Option('--provider <file>', 'the list as aws iam get-open-id-connect-provider prints it').conflicts(
        'clientId',
      ),
    )
    .option('--token-file <file>', 'the token, - for standard input (default)')
    .addOption(new Option('--claims <file>', 'the claims instead, as JSON').conflicts('tokenFile'))
    .option('--session-name <name>', 'of the call to STS, for policies that have a condition on it')
    .option('--json', 'one object')
    .addHelpText('after', CHECK_HELP)
    .action(async (file: string, options: CheckOptions) => {
      const { runCheck } = await import('../trust/check.ts');
      runCheck(io, file, options);
    });

export const command = (io: Io): Command =>
  new Command('trust')
    .description('Rewrite a trust policy, or check who gets in. Asks nobody and changes nothing.')
    .addCommand(rewriteCommand(io))
    .addCommand(checkCommand(io));
