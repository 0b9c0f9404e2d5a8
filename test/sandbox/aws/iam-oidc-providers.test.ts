import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  type IAMClient,
  ListOpenIDConnectProvidersCommand,
  ListOpenIDConnectProviderTagsCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
  UntagOpenIDConnectProviderCommand,
} from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, allow, errorOf, type Harness, startHarness, userWith } from './wire-harness.ts';

const ISSUER = 'https://sts.windows.net/11111111-2222-4333-8444-555555555555/';
const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/sts.windows.net/11111111-2222-4333-8444-555555555555/`;

let harness: Harness;
let iam: IAMClient;
beforeAll(async () => {
  harness = await startHarness();
  iam = harness.iamClient();
});
afterEach(() => expect(harness.defects).toEqual([]));
afterAll(() => harness.close());

describe('OIDC providers', () => {
  const getProvider = () =>
    iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: PROVIDER }));
  const add = (ClientID: string) =>
    iam.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: PROVIDER, ClientID }));
  const remove = (ClientID: string) =>
    iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: PROVIDER, ClientID }),
    );

  it('keep the trailing slash of their URL and are found by ARN', async () => {
    const created = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: ISSUER, ClientIDList: ['one', 'two', 'one'] }),
    );
    expect(created.OpenIDConnectProviderArn).toBe(PROVIDER);
    expect(await getProvider()).toMatchObject({
      Url: ISSUER.slice('https://'.length),
      ClientIDList: ['one', 'two'],
    });
    const { OpenIDConnectProviderList } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
    expect(OpenIDConnectProviderList).toEqual([{ Arn: PROVIDER }]);
    const again = iam.send(new CreateOpenIDConnectProviderCommand({ Url: ISSUER }));
    expect((await errorOf(again)).name).toBe('EntityAlreadyExistsException');
  });

  it('take a client id twice and lose one that is not there, without an error', async () => {
    await add('three');
    await add('three');
    await remove('three');
    await remove('three');
    expect((await getProvider()).ClientIDList).toEqual(['one', 'two']);
  });

  it('hold 100 client ids, of 255 characters at most', async () => {
    for (let i = 0; i < 98; i++) await add(`client-${i}`);
    expect((await errorOf(add('one too many'))).name).toBe('LimitExceededException');
    await add('one');
    await remove('one');
    await add('x'.repeat(255));
    expect((await errorOf(add('x'.repeat(256)))).name).toBe('ValidationError');
  });

  it('carry tags', async () => {
    const OpenIDConnectProviderArn = PROVIDER;
    await iam.send(
      new TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, Tags: [{ Key: 'a', Value: 'b' }] }),
    );
    const tags = async () =>
      (await iam.send(new ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn }))).Tags;
    expect(await tags()).toEqual([{ Key: 'a', Value: 'b' }]);
    await iam.send(new UntagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, TagKeys: ['A', 'x'] }));
    expect(await tags()).toEqual([]);
  });

  it('are created with tags, by whoever may tag them', async () => {
    const Url = 'https://tagged.example';
    const Tags = [{ Key: 'oidc-factory:heartbeat', Value: '2026-11-20T12:00:00Z' }];
    const create = new CreateOpenIDConnectProviderCommand({ Url, Tags });
    const rights = (...Action: string[]) => allow({ Action, Resource: '*' });
    const untagging = await userWith(harness, rights('iam:CreateOpenIDConnectProvider'));
    expect((await errorOf(untagging.client.send(create))).name).toBe('AccessDenied');
    const both = await userWith(
      harness,
      rights('iam:CreateOpenIDConnectProvider', 'iam:TagOpenIDConnectProvider'),
    );
    expect((await both.client.send(create)).Tags).toEqual(Tags);
    const OpenIDConnectProviderArn = `arn:aws:iam::${ACCOUNT}:oidc-provider/tagged.example`;
    expect((await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))).Tags).toEqual(
      Tags,
    );
    await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
  });

  it.each(['http://x.example', 'https://', 'https://x.example?y=z', 'x.example'])(
    'are not created for %s',
    async (Url) => {
      const refused = iam.send(new CreateOpenIDConnectProviderCommand({ Url }));
      expect((await errorOf(refused)).name).toBe('InvalidInputException');
    },
  );

  it('are gone when deleted', async () => {
    await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: PROVIDER }));
    expect((await errorOf(getProvider())).name).toBe('NoSuchEntityException');
    expect((await errorOf(add('one'))).name).toBe('NoSuchEntityException');
  });
});
