/** Logins on Azure's library. */
import type {
  ClientAssertionCredentialOptions,
  ManagedIdentityCredentialClientIdOptions,
  TokenCredential,
} from '@azure/identity';
import type { LoginAnswer } from '../core/login-failure.ts';
import { tokenFacts } from '../core/token.ts';
import type { Login } from './login.ts';
import { type AnswerWatch, answerIn, watchAnswers } from './login-answers.ts';

export interface OpenLogin {
  readonly credential: TokenCredential;
  /** What is known of its failure. */
  answer(error: unknown): LoginAnswer;
  /** Who logs in. */
  facts(): Readonly<Record<string, string>>;
}

type LoginOf<Kind extends Login['kind']> = Extract<Login, { kind: Kind }>;

interface Library {
  readonly azure: typeof import('@azure/identity');
  readonly options: ClientAssertionCredentialOptions;
  readonly watch: AnswerWatch;
}

/** A login that remembers no token and no failure: made anew for every token. */
export async function openLogin(login: Login): Promise<OpenLogin> {
  const watch = watchAnswers();
  const library: Library = {
    // Slow to load: not before it is needed.
    azure: await import('@azure/identity'),
    watch,
    options: {
      // Would ask Microsoft's public host whether the authority is genuine; ours is configured.
      disableInstanceDiscovery: true,
      // Whoever asks for the token tries again.
      retryOptions: { maxRetries: 0 },
      additionalPolicies: [{ position: 'perCall', policy: watch.policy }],
    },
  };
  switch (login.kind) {
    case 'client-secret':
      return withSecret(login, library);
    case 'federated':
      return withAssertion(login, library);
    case 'azure-pipelines':
      return withServiceConnection(login, library);
    case 'managed-identity':
      return asManagedIdentity(login, library);
    case 'developer':
      return asDeveloper(login, library);
  }
}

const opened = (
  { kind }: Login,
  { watch }: Library,
  credential: TokenCredential,
  who: Readonly<Record<string, string>> = {},
): OpenLogin => ({
  credential,
  answer: (error) => ({ kind, ...(watch.last() ?? answerIn(error)) }),
  facts: () => ({ login: kind, ...who }),
});

function withSecret(login: LoginOf<'client-secret'>, library: Library): OpenLogin {
  const { tenantId, clientId } = login.application;
  const { azure, options } = library;
  const credential = new azure.ClientSecretCredential(tenantId, clientId, login.secret, options);
  return opened(login, library, credential, { tenantId, clientId });
}

function withAssertion(login: LoginOf<'federated'>, library: Library): OpenLogin {
  const { tenantId, clientId } = login.application;
  const { azure, options } = library;
  let facts: Readonly<Record<string, string>> = {};
  let withoutAssertion = false;
  async function obtain(): Promise<string> {
    try {
      const assertion = (await login.assertion()).trim();
      if (assertion === '') throw Object.assign(new Error('The assertion is empty'), { code: 'EMPTY' });
      facts = assertionFacts(assertion);
      return assertion;
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      facts = { assertion: code ?? name };
      withoutAssertion = true;
      throw error;
    }
  }
  let assertion: Promise<string> | undefined;
  // The library asks for it more than once.
  const once = () => (assertion ??= obtain());
  const credential = new azure.ClientAssertionCredential(tenantId, clientId, once, options);
  const open = opened(login, library, credential, { tenantId, clientId });
  return {
    ...open,
    answer: (error) => ({ ...open.answer(error), withoutAssertion }),
    facts: () => ({ ...open.facts(), ...facts }),
  };
}

/** What a federated credential has to equal. */
function assertionFacts(assertion: string): Readonly<Record<string, string>> {
  const token = tokenFacts(assertion);
  if (!token) return {};
  return { assertionIssuer: token.iss, assertionSubject: token.sub, assertionAudience: token.aud };
}

function withServiceConnection(login: LoginOf<'azure-pipelines'>, library: Library): OpenLogin {
  const { serviceConnectionId, accessToken, requestUri } = login;
  const { tenantId, clientId } = login.application;
  const { azure, options, watch } = library;
  const credential = new azure.AzurePipelinesCredential(
    tenantId,
    clientId,
    serviceConnectionId,
    accessToken,
    options,
  );
  const open = opened(login, library, credential, { tenantId, clientId, serviceConnectionId });
  const withoutAssertion = () => watch.last()?.url.startsWith(requestUri) ?? false;
  return { ...open, answer: (error) => ({ ...open.answer(error), withoutAssertion: withoutAssertion() }) };
}

function asManagedIdentity(login: LoginOf<'managed-identity'>, library: Library): OpenLogin {
  const who = login.clientId === undefined ? {} : { clientId: login.clientId };
  const options: ManagedIdentityCredentialClientIdOptions & { sendProbeRequest: boolean } = {
    ...who,
    retryOptions: { maxRetries: 0 },
    // As DefaultAzureCredential does: a second, not minutes, to see that there is no metadata service.
    sendProbeRequest: true,
  };
  return opened(login, library, new library.azure.ManagedIdentityCredential(options), who);
}

function asDeveloper(login: LoginOf<'developer'>, library: Library): OpenLogin {
  const { azure } = library;
  const credential = new azure.ChainedTokenCredential(
    new azure.AzureCliCredential(),
    new azure.AzureDeveloperCliCredential(),
    new azure.AzurePowerShellCredential(),
  );
  return opened(login, library, credential);
}
