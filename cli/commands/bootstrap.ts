import { Command, InvalidArgumentError, Option } from 'commander';
import { LOGINS } from '../../credentials/login.ts';
import type { BootstrapOptions } from '../bootstrap/run.ts';
import type { Io } from '../io.ts';

const HELP = `
Makes, or adopts and completes: the factory's own application with Microsoft Graph Application.ReadWrite.OwnedBy and
admin consent, trusted by it the tokens that AWS signs for exactly the functions that log in (or a client secret in
Secrets Manager, where the config says so); and the application that reserves the placeholder. Says first what it will
do, and asks; looks at what is there, so that it can be run again at any time. The config may still lack
entra.factoryAppId and entra.factoryServicePrincipalId: they are what it prints.

Needs in Entra Cloud Application Administrator, and Privileged Role Administrator for the consent; in the factory
account iam:GetOutboundWebIdentityFederationInfo, or secretsmanager:DescribeSecret and PutSecretValue.

Examples:
  az login --tenant <tenant> && oidc-factory bootstrap entra --profile factory
  oidc-factory bootstrap entra --outbound-issuer https://<id>.tokens.sts.global.api.aws --yes --json

Exit codes: 0 nothing is left to do, 1 something is: it was not agreed to, or AWS has no issuer yet.`;

const entra = (io: Io): Command =>
  new Command('entra')
    .summary('the applications that the factory needs in its tenant')
    .description('Prepares the Entra tenant for the factory.')
    .option('--config <file>', "the factory's config (default: oidc-factory.json)")
    .option(
      '--profile <name>',
      'profile with credentials of the factory account (default: as the environment says)',
    )
    .addOption(
      new Option(
        '--credential <login>',
        'how to log in to Entra (default: what the environment configures, else developer: az login)',
      ).choices(LOGINS),
    )
    .option(
      '--outbound-issuer <url>',
      'issuer of the tokens that AWS signs for the factory account (default: AWS is asked)',
      issuer,
    )
    .option('--yes', 'do it without asking')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: BootstrapOptions) => {
      const { bootstrapEntra } = await import('../bootstrap/run.ts');
      await bootstrapEntra(io, options);
    });

/** Whoever signs as this issuer could be the factory: a slip must not name somebody else's. */
function issuer(text: string): string {
  if (/^https:\/\/[0-9a-z-]+\.tokens\.sts\.[0-9a-z.-]+$/.test(text)) return text;
  throw new InvalidArgumentError(
    'Expected the IssuerIdentifier that aws iam get-outbound-web-identity-federation-info prints.',
  );
}

export const command = (io: Io): Command =>
  new Command('bootstrap').description('Prepares what the factory needs.').addCommand(entra(io));
