/** Access tokens of Entra for one audience, and what a refusal means. */
import type { TokenCredential } from '@azure/identity';
import { type LoginAnswer, loginMistake } from '../core/login-failure.ts';
import type { TokenFacts } from '../core/token.ts';
import { CredentialsError } from './errors.ts';
import { type AssertionLogin, type Environment, type LoginName, loginOf } from './login.ts';
import { answerIn } from './login-answers.ts';
import { type OpenLogin, openLogin } from './open-login.ts';

/** A token; a newer one than `refused`, where that is given. @throws CredentialsError */
export type GetToken = (refused?: TokenFacts) => Promise<string>;

export function entraTokens(options: {
  readonly audience: string;
  readonly credential: LoginName | AssertionLogin | TokenCredential | undefined;
  readonly env: Environment;
}): GetToken {
  const { audience, credential, env } = options;
  const open = isTokenCredential(credential)
    ? async () => callersOwn(credential)
    : async () => {
        refuseInsecureAuthority(env);
        return openLogin(loginOf(env, credential));
      };
  return async (refused) => {
    const login = await open();
    try {
      return await tokenOf(login.credential, audience, refused);
    } catch (error) {
      const answer = login.answer(error);
      throw new CredentialsError(loginMistake(answer), {
        facts: { answer: told(answer), audience, ...login.facts() },
      });
    }
  };
}

const isTokenCredential = (value: unknown): value is TokenCredential =>
  typeof value === 'object' && value !== null && 'getToken' in value;

const callersOwn = (credential: TokenCredential): OpenLogin => ({
  credential,
  answer: (error) => ({ kind: 'own', ...answerIn(error) }),
  facts: () => ({ login: 'own' }),
});

/** Azure's library refuses it as well, but not with a code. */
function refuseInsecureAuthority({ AZURE_AUTHORITY_HOST: authority }: Environment): void {
  if (!authority || authority.startsWith('https://')) return;
  throw new CredentialsError('InsecureEndpoint', { facts: { endpoint: authority } });
}

async function tokenOf(credential: TokenCredential, audience: string, refused?: TokenFacts): Promise<string> {
  // The claims of a challenge: the one way past the caches of the login library.
  const newer = { access_token: { nbf: { essential: true, value: String((refused?.iat ?? 0) + 1) } } };
  const token = await credential.getToken(
    `${audience}/.default`,
    refused && { claims: JSON.stringify(newer) },
  );
  if (!token) throw new Error('The credential has no token');
  return token.token;
}

function told({ codes, status, network }: LoginAnswer): string {
  const reason = codes.length > 0 ? codes.map((code) => `AADSTS${code}`).join(' ') : network;
  return `${reason ?? 'no token'}${status === undefined ? '' : ` (${status})`}`;
}
