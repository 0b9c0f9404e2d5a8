/** A new member account works without anyone touching the factory, whatever provider it has. */
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  ListOpenIDConnectProvidersCommand,
} from '@aws-sdk/client-iam';
import { ListExecutionsCommand, ListStateMachinesCommand } from '@aws-sdk/client-sfn';
import { describe, expect, inject, it } from 'vitest';
import { readAssembly } from '../../sandbox/assembly.ts';
import { connect, type MemberClient, until } from '../../sandbox/clients.ts';
import { accountRecord } from './account-record.ts';
import { createRole, placeholderOf, roleWithStatus, trustOn, useFactory } from './harness.ts';
import { Trail } from './trail.ts';

const trail = new Trail();
const factory = useFactory({ onCloudTrailRecord: trail.receive });

type Template = { Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }> };

/** What is rolled out to member accounts. */
function memberStack(): { name: string; template: Template } {
  const stack = readAssembly(inject('assemblyDir')).stacks.find(({ accountId }) => accountId === undefined);
  if (!stack) throw new Error('The assembly has no stack for member accounts');
  return { name: stack.name, template: structuredClone(stack.template) as Template };
}

const arnIn = (accountId: string, slash = '/') =>
  `arn:aws:iam::${accountId}:oidc-provider/sts.windows.net/${factory().sandbox.world.tenantId}${slash}`;

/** An account of the organization in which nothing is deployed, and clients of its administrator. */
function newAccount(accountId: string, slash?: string): MemberClient {
  const { sandbox } = factory();
  const account = { ...sandbox.openAccount(accountId), providerArn: arnIn(accountId, slash) };
  const [member] = connect({ ...sandbox.ready, aws: { ...sandbox.ready.aws, members: [account] } }).members;
  if (!member) throw new Error('There is no client');
  return member;
}

const createProvider = ({ iam, providerArn }: MemberClient, ...ClientIDList: string[]) =>
  iam.send(
    new CreateOpenIDConnectProviderCommand({
      Url: providerArn.replace(/.*oidc-provider\//, 'https://'),
      ClientIDList,
    }),
  );

const enrolled = ({ accountId }: MemberClient) =>
  until(`the record of ${accountId}`, () => accountRecord(factory(), accountId));

const providersOf = async ({ iam }: MemberClient): Promise<(string | undefined)[]> =>
  ((await iam.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList ?? []).map(
    ({ Arn }) => Arn,
  );

async function enrolments(): Promise<{ name: string | undefined; status: string | undefined }[]> {
  const { states } = factory();
  const { stateMachines = [] } = await states.send(new ListStateMachinesCommand({}));
  const machine = stateMachines.find(({ name }) => name?.endsWith('enrol-account'));
  const { executions = [] } = await states.send(
    new ListExecutionsCommand({ stateMachineArn: machine?.stateMachineArn }),
  );
  return executions.map(({ name, status }) => ({ name, status }));
}

describe('the member template in a new account', () => {
  it('brings the provider with its placeholder, and roles are served', async () => {
    const member = newAccount('555566667001');
    await factory().sandbox.deploy(memberStack(), member.accountId);
    expect(await enrolled(member)).toMatchObject({
      providerArn: member.providerArn,
      organizationalUnits: [factory().sandbox.world.rootId],
      notes: [],
    });
    expect(await member.audiences()).toEqual([placeholderOf(factory())]);
    await createRole(member, 'first', trustOn(member, { aud: placeholderOf(factory()) }));
    await roleWithStatus(member, 'first', 'ready');
  });

  it.each([
    ['with the slash', '555566667002', '/', []],
    ['without the slash', '555566667003', '', ['provider-misspelt']],
  ])('adopts a provider %s, keeps what it lists, and roles are served', async (_, id, slash, notes) => {
    const member = newAccount(id, slash);
    await createProvider(member, 'api://in-use');
    await factory().sandbox.deploy(memberStack(), id);
    expect(await enrolled(member)).toMatchObject({ providerArn: member.providerArn, notes });
    expect(await providersOf(member)).toEqual([member.providerArn]);
    expect(await member.audiences()).toEqual(['api://in-use', placeholderOf(factory())]);
    await createRole(member, 'first', trustOn(member, { aud: placeholderOf(factory()) }));
    await roleWithStatus(member, 'first', 'ready');
  });

  it('says of a full provider that it is full', async () => {
    const member = newAccount('555566667004');
    await createProvider(member, ...Array.from({ length: 99 }, (_, index) => `api://in-use-${index}`));
    await member.iam.send(
      new AddClientIDToOpenIDConnectProviderCommand({
        OpenIDConnectProviderArn: member.providerArn,
        ClientID: 'api://in-use-99',
      }),
    );
    await factory().sandbox.deploy(memberStack(), member.accountId);
    expect(await enrolled(member)).toMatchObject({ notes: ['provider-full'] });
    expect(await member.audiences()).toHaveLength(100);
  });

  it('waits for a member role that comes late', async () => {
    const member = newAccount('555566667005');
    const { name, template } = memberStack();
    const [id, role] =
      Object.entries(template.Resources).find(
        ([, { Properties }]) => Properties?.RoleName === 'oidc-factory-provider',
      ) ?? [];
    if (!id || !role) throw new Error('The template has no provider role');
    const rest = JSON.parse(JSON.stringify(template), (key, value) =>
      key === 'DependsOn' ? [value].flat().filter((other) => other !== id) : value,
    ) as Template;
    delete rest.Resources[id];
    const { recorder } = factory().sandbox;
    recorder.clearCalls();
    await factory().sandbox.deploy({ name, template: rest }, member.accountId);
    await until('a role that cannot be assumed', async () =>
      recorder.calls().find(({ operation, outcome }) => operation === 'AssumeRole' && outcome !== 'ok'),
    );
    expect(await providersOf(member)).toEqual([]);
    await factory().sandbox.deploy(
      { name: `${name}-late`, template: { Resources: { [id]: role } } },
      member.accountId,
    );
    expect(await enrolled(member)).toMatchObject({ providerArn: member.providerArn });
    expect(await member.audiences()).toEqual([placeholderOf(factory())]);
  });

  it('is announced once, however often the event arrives', async () => {
    const { accountId } = factory().member;
    const announcement = trail
      .of('CreateRole', 'oidc-factory-inspect')
      .find(({ recipientAccountId }) => recipientAccountId === accountId);
    const before = await enrolments();
    trail.deliver(announcement);
    trail.deliver(announcement);
    await createRole(factory().member, 'later', trustOn(factory().member, { aud: placeholderOf(factory()) }));
    await roleWithStatus(factory().member, 'later', 'ready');
    expect(before).toContainEqual({ name: announcement?.eventID, status: 'SUCCEEDED' });
    expect(
      (await enrolments()).filter(({ name }) => name?.startsWith(announcement?.eventID ?? '')),
    ).toHaveLength(1);
  });
});
