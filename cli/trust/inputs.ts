/** What the trust commands are given: provider, policy, token. */
import { providerPathOf } from '../../core/ci/issuers.ts';
import { type ProviderArn, providerArn } from '../../core/ids.ts';
import { type EntraProvider, entraProvider, isTenantProvider } from '../../core/issuer.ts';
import { decodeToken } from '../../core/token.ts';
import type { GivenToken } from '../../core/trust-check/token-checks.ts';
import { isObject } from '../../core/trust-policy/document.ts';
import { CommandFailure } from '../failure.ts';
import { type Io, jsonOf, textOf } from '../io.ts';
import { type KnownFactory, knownFactory, knownFactoryIfAny } from '../settings.ts';

const invalid = (message: string, remedy?: string) =>
  new CommandFailure('usage', 'InvalidInput', message, remedy === undefined ? {} : { remedy });

/** Refuses a token in the place of a file's name, and does not repeat it. */
function checkedName(file: string): string {
  if (!/^eyJ[\w-]*\./.test(file)) return file;
  throw invalid(
    'A token stands where the name of a file belongs',
    'Hand it over in a file or on standard input: arguments are seen by every process and stay in histories. Treat this one as known to others.',
  );
}

export const policyText = (io: Io, file: string): string =>
  textOf(io, checkedName(file)).replace(/^\uFEFF/, '');

/** The token of a file, or the claims of another one. Exactly one is named; the token by default, on standard input. */
export function givenToken(
  io: Io,
  options: { readonly tokenFile?: string; readonly claims?: string },
): GivenToken {
  if (options.claims !== undefined) {
    const claims = jsonOf(io, checkedName(options.claims), 'the claims of a token, as an object');
    if (!isObject(claims)) throw invalid(`${options.claims}: expected the claims of a token, as an object`);
    return { algorithm: undefined, claims };
  }
  const file = options.tokenFile ?? '-';
  const token = decodeToken(textOf(io, checkedName(file)).trim());
  if (token === undefined) {
    throw invalid(
      `${file === '-' ? 'Standard input' : file}: expected a token (JWT): three parts, separated by dots`,
      'For the bare claims say --claims',
    );
  }
  const { header, claims } = token;
  return { algorithm: typeof header.alg === 'string' ? header.alg : '', claims };
}

/** The provider's client ids, as listed by hand or as GetOpenIDConnectProvider shows them; undefined: unknown. */
export function clientIdsOf(
  io: Io,
  arn: ProviderArn,
  options: { readonly clientId?: readonly string[]; readonly provider?: string },
): readonly string[] | undefined {
  if (options.provider === undefined) return options.clientId;
  const what = 'the answer of get-open-id-connect-provider';
  const answer = jsonOf(io, checkedName(options.provider), what);
  const { Url, ClientIDList } = isObject(answer) ? answer : {};
  if (!Array.isArray(ClientIDList) || !ClientIDList.every((id) => typeof id === 'string')) {
    throw invalid(`${options.provider}: expected ${what}, with its ClientIDList`);
  }
  if (typeof Url === 'string' && providerPathOf(arn) !== providerPathOf(Url)) {
    throw invalid(`${options.provider} is about ${Url}, which is not the provider of --provider-arn`);
  }
  return ClientIDList;
}

export interface KnownProviderSettings extends EntraProvider {
  readonly providerArn: ProviderArn;
  readonly settings: KnownFactory['settings'];
}

/** An Entra provider with the settings of its tenant: the config's where there is one, else the defaults. */
export function settingsFor(arn: string, options: { readonly config?: string }): KnownProviderSettings {
  const entra = entraProvider(providerArn(arn));
  if (entra === undefined) throw invalid(`${arn}: expected the provider of an Entra tenant`);
  const { settings, config } = knownFactoryIfAny(options) ?? knownFactory({ tenant: entra.issuer.tenantId });
  if (config !== undefined && !isTenantProvider(settings.issuer, arn)) {
    throw invalid(`${arn} is no provider of ${settings.issuer.url}, the tenant of the config`);
  }
  const issuer = config === undefined ? entra.issuer : settings.issuer;
  return { ...entra, providerArn: providerArn(arn), settings: { ...settings, issuer } };
}
