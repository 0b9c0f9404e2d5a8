/** How the functions are to log in, as the factory account says. */
import type { DesiredLogin, FactoryInTenant } from '../../core/bootstrap/tenant.ts';
import { trustedTokens } from '../../core/bootstrap/tenant.ts';
import type { FactoryConfig } from '../../lib/config/config.ts';
import type { AwsOptions } from '../aws.ts';
import { factoryReads } from '../doctor/factory-reads.ts';
import { callerOf } from '../factory.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { type SecretStore, secretStore } from './secret.ts';

export interface FactoryLogin {
  read(): Promise<DesiredLogin>;
  /** Where a client secret goes, if that is the login. */
  readonly store: SecretStore | undefined;
}

/** `outboundIssuer`: in place of a question to AWS. */
export function factoryLogin(
  io: Io,
  options: AwsOptions,
  {
    config,
    factory,
    outboundIssuer,
  }: {
    readonly config: FactoryConfig;
    readonly factory: FactoryInTenant;
    readonly outboundIssuer: string | undefined;
  },
): FactoryLogin {
  const { login } = config.entra;
  if (login.kind === 'secret') {
    const { secretArn } = login;
    const store = secretStore(io, options, secretArn);
    const read = async (): Promise<DesiredLogin> => {
      const { current, all } = await store.versions();
      return { kind: 'secret', secretArn, current, versions: all };
    };
    return { store, read };
  }
  return {
    store: undefined,
    async read() {
      const issuer = outboundIssuer ?? (await issuerOf(io, options, config));
      return issuer === undefined
        ? { kind: 'issuer-unknown' }
        : { kind: 'federated', credentials: trustedTokens(factory, issuer) };
    },
  };
}

/** Undefined where AWS signs no tokens for the account yet. */
async function issuerOf(io: Io, options: AwsOptions, config: FactoryConfig): Promise<string | undefined> {
  const { accountId } = await callerOf(io, options);
  if (accountId !== config.factory.accountId) {
    throw new CommandFailure('refused', 'WrongAccount', `The AWS credentials are of account ${accountId}`, {
      remedy: `Use credentials of the factory account ${config.factory.accountId} (--profile), or say --outbound-issuer.`,
    });
  }
  return factoryReads(io, options, config).outboundIssuer();
}
