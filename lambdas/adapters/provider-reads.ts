/** Reading OIDC providers, in whichever session. */
import {
  GetOpenIDConnectProviderCommand,
  type IAMClient,
  ListOpenIDConnectProvidersCommand,
} from '@aws-sdk/client-iam';
import type { AccountId, ProviderArn } from '../../core/ids.ts';
import type { ProviderView } from '../ports.ts';
import { calling } from './aws-errors.ts';
import { providerView } from './iam-views.ts';
import { absentIsUndefined, MEMBER_ERRORS } from './member-session.ts';

export async function readProvider(iam: IAMClient, arn: ProviderArn): Promise<ProviderView | undefined> {
  const answer = await absentIsUndefined(`GetOpenIDConnectProvider ${arn}`, () =>
    iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })),
  );
  return answer && providerView(arn, answer);
}

/** IAM answers all of them at once; an account has 100 at most. */
export async function listProviders(iam: IAMClient, accountId: AccountId): Promise<readonly string[]> {
  const answer = await calling(`ListOpenIDConnectProviders in ${accountId}`, MEMBER_ERRORS, () =>
    iam.send(new ListOpenIDConnectProvidersCommand({})),
  );
  return (answer.OpenIDConnectProviderList ?? []).flatMap(({ Arn }) => Arn ?? []);
}
