/** OIDC identity providers and their client id lists. */
import type {
  AddClientIDToOpenIDConnectProviderRequest,
  CreateOpenIDConnectProviderRequest,
  CreateOpenIDConnectProviderResponse,
  DeleteOpenIDConnectProviderRequest,
  GetOpenIDConnectProviderRequest,
  GetOpenIDConnectProviderResponse,
  ListOpenIDConnectProvidersResponse,
  ListOpenIDConnectProviderTagsRequest,
  ListOpenIDConnectProviderTagsResponse,
  RemoveClientIDFromOpenIDConnectProviderRequest,
  TagOpenIDConnectProviderRequest,
  UntagOpenIDConnectProviderRequest,
} from '@aws-sdk/client-iam';
import type { RequestContext } from '../../../core/policy/types.ts';
import type { OperationHandler, ServiceCall } from '../../cloud.ts';
import {
  accountOf,
  authorize,
  type IamEnvironment,
  resourceContext,
  tagContext,
  tagKeysContext,
} from './access.ts';
import { alreadyExists, invalidInput, invalidValue, limitExceeded, noSuchEntity } from './errors.ts';
import type { Checked } from './input.ts';
import { iamArn, type OidcProvider, wholeSeconds } from './store.ts';
import { checkTagKey, page, replaceTags, withTags } from './validation.ts';

const PROVIDERS_PER_ACCOUNT = 100;
const CLIENT_IDS = 100;
const THUMBPRINTS = 5;

export function oidcProviderOperations(env: IamEnvironment): Record<string, OperationHandler> {
  function authorized(call: ServiceCall, arn: string, context?: RequestContext): OidcProvider {
    const { accountId, oidcProviders } = accountOf(env, call);
    // The ARN names its account; that of another one is not found here, whatever the policies say.
    if (!new RegExp(`^arn:aws:iam::${accountId}:oidc-provider/.`).test(arn)) {
      throw invalidInput(`Invalid ARN for an OpenIDConnect provider: ${arn}`);
    }
    const provider = oidcProviders.get(arn);
    authorize(call, arn, { ...resourceContext(provider), ...context });
    if (!provider) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
    return provider;
  }

  function create(
    input: Checked<CreateOpenIDConnectProviderRequest>,
    call: ServiceCall,
  ): CreateOpenIDConnectProviderResponse {
    const { Url, ClientIDList = [], ThumbprintList = [], Tags = [] } = input;
    const { accountId, oidcProviders } = accountOf(env, call);
    const location = providerLocation(Url);
    const arn = iamArn(accountId, `oidc-provider/${location}`);
    authorize(call, arn, tagContext(Tags));
    if (Tags.length > 0) {
      call.authorize({ action: 'iam:TagOpenIDConnectProvider', resource: arn, context: tagContext(Tags) });
    }
    ClientIDList.forEach(checkClientId);
    checkThumbprints(ThumbprintList);
    const clientIds = new Set(ClientIDList);
    if (clientIds.size > CLIENT_IDS) throw tooManyClientIds();
    const tags = withTags(new Map(), Tags);
    if (oidcProviders.has(arn)) throw alreadyExists(`Provider with url ${Url} already exists.`);
    if (oidcProviders.size >= PROVIDERS_PER_ACCOUNT) {
      throw limitExceeded(`OpenIdConnectProvidersPerAccount: ${PROVIDERS_PER_ACCOUNT}`);
    }
    oidcProviders.set(arn, {
      accountId,
      arn,
      url: Url,
      clientIds,
      thumbprints: ThumbprintList,
      createDate: wholeSeconds(env.time.now()),
      tags,
    });
    return { OpenIDConnectProviderArn: arn, ...(tags.size > 0 && { Tags: [...tags.values()] }) };
  }

  return {
    CreateOpenIDConnectProvider: create,
    GetOpenIDConnectProvider: (
      input: Checked<GetOpenIDConnectProviderRequest>,
      call,
    ): GetOpenIDConnectProviderResponse => {
      const provider = authorized(call, input.OpenIDConnectProviderArn);
      return {
        Url: provider.url.replace(/^https:\/\//, ''),
        ClientIDList: [...provider.clientIds],
        ThumbprintList: [...provider.thumbprints],
        CreateDate: provider.createDate,
        ...(provider.tags.size > 0 && { Tags: [...provider.tags.values()] }),
      };
    },
    ListOpenIDConnectProviders: (_input: object, call): ListOpenIDConnectProvidersResponse => {
      const { oidcProviders } = accountOf(env, call);
      authorize(call, '*');
      return { OpenIDConnectProviderList: [...oidcProviders.keys()].map((Arn) => ({ Arn })) };
    },
    DeleteOpenIDConnectProvider: (input: Checked<DeleteOpenIDConnectProviderRequest>, call) => {
      const provider = authorized(call, input.OpenIDConnectProviderArn);
      accountOf(env, call).oidcProviders.delete(provider.arn);
    },
    // Adding what is there and removing what is not are both no error.
    AddClientIDToOpenIDConnectProvider: (input: Checked<AddClientIDToOpenIDConnectProviderRequest>, call) => {
      const provider = authorized(call, input.OpenIDConnectProviderArn);
      checkClientId(input.ClientID);
      if (provider.clientIds.size >= CLIENT_IDS && !provider.clientIds.has(input.ClientID)) {
        throw tooManyClientIds();
      }
      provider.clientIds.add(input.ClientID);
    },
    RemoveClientIDFromOpenIDConnectProvider: (
      input: Checked<RemoveClientIDFromOpenIDConnectProviderRequest>,
      call,
    ) => {
      const provider = authorized(call, input.OpenIDConnectProviderArn);
      checkClientId(input.ClientID);
      provider.clientIds.delete(input.ClientID);
    },
    TagOpenIDConnectProvider: (input: Checked<TagOpenIDConnectProviderRequest>, call) => {
      const provider = authorized(call, input.OpenIDConnectProviderArn, tagContext(input.Tags));
      replaceTags(provider.tags, withTags(provider.tags, input.Tags));
    },
    UntagOpenIDConnectProvider: (input: Checked<UntagOpenIDConnectProviderRequest>, call) => {
      const provider = authorized(call, input.OpenIDConnectProviderArn, tagKeysContext(input.TagKeys));
      input.TagKeys.forEach(checkTagKey);
      for (const key of input.TagKeys) provider.tags.delete(key.toLowerCase());
    },
    ListOpenIDConnectProviderTags: (
      input: Checked<ListOpenIDConnectProviderTagsRequest>,
      call,
    ): ListOpenIDConnectProviderTagsResponse => {
      const provider = authorized(call, input.OpenIDConnectProviderArn);
      const { items, ...rest } = page(provider.tags.values(), ({ Key }) => Key.toLowerCase(), input);
      return { Tags: [...items], ...rest };
    },
  };
}

const tooManyClientIds = () => limitExceeded(`ClientIdsPerOpenIdConnectProvider: ${CLIENT_IDS}`);

/** What follows `oidc-provider/` in the ARN: the URL without scheme, its trailing slash kept. */
function providerLocation(url: string): string {
  const location = /^https:\/\/([^\s?#@]+)$/.exec(url)?.[1];
  if (location === undefined || url.length > 255) throw invalidInput('Invalid Open ID Connect Provider URL');
  return location;
}

function checkClientId(clientId: string): void {
  if (clientId.length < 1 || clientId.length > 255) {
    throw invalidValue(clientId, 'clientID', 'have length between 1 and 255');
  }
}

function checkThumbprints(thumbprints: readonly string[]): void {
  if (thumbprints.length > THUMBPRINTS)
    throw invalidInput('Thumbprint list must contain fewer than 5 entries.');
  for (const thumbprint of thumbprints) {
    if (!/^[0-9a-f]{40}$/i.test(thumbprint)) {
      throw invalidValue(thumbprint, 'thumbprintList', 'be 40 hexadecimal digits');
    }
  }
}
