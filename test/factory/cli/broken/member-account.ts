/** Mistakes in a member account, each in one of its own. The first account is everybody's. */
import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
} from '@aws-sdk/client-iam';
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { configFor } from '../../../../bin/local.ts';
import { until } from '../../../../sandbox/clients.ts';
import { administratorKeys } from '../../callers.ts';
import { turnOff } from '../../drift/off.ts';
import { placeholderOf, trustOn } from '../../harness.ts';
import { withFullProvider, withoutMemberRole, withoutProvider } from '../../member-account.ts';
import { queueOf, taken } from '../../queues.ts';
import { type Broken, type Lab, type Role, type SetUp, type SetUps, withTrust } from './lab.ts';

/** The account's rule that forwards, with what it takes to make it anew. */
async function forwardingRule(lab: Lab, index: number) {
  const credentials = administratorKeys(lab.factory, lab.member(index).accountId);
  const events = new EventBridgeClient({ ...lab.factory.awsOptions, credentials });
  const { Rules: [{ Name = '' } = {}] = [] } = await events.send(new ListRulesCommand({}));
  const { EventPattern } = await events.send(new DescribeRuleCommand({ Name }));
  const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: Name }));
  return { events, Name, EventPattern, Targets };
}

const roleOf = (lab: Lab, member: number, name: string): Role => ({
  member,
  name,
  arn: lab.arnOf(member, name),
});

/** A role that nobody hears of until the account is mended; then a sweep finds it. */
async function unheard(lab: Lab, index: number, name: string, mend: () => Promise<unknown>): Promise<Broken> {
  const role = await lab.create(index, name);
  return {
    role: () => role,
    mend,
    works: () => untilSwept(lab, role),
  };
}

const untilSwept = (lab: Lab, { member, name }: Role) =>
  until(`a sweep to serve ${name}`, async () => {
    await lab.sweep(member);
    const { tags } = await lab.member(member).role(name);
    return tags['oidc-factory:status'] === 'ready' ? true : undefined;
  });

/** The factory mends much of what it hears of by itself, before anybody sees it: here it does not hear. */
const silenced = (lab: Lab, index: number) => turnOff(lab.factory, lab.member(index));

/** A role whose run failed; the run is made good once the account is mended. */
async function unserved(
  lab: Lab,
  index: number,
  name: string,
  mend: () => Promise<unknown>,
): Promise<Broken> {
  const role = await lab.create(index, name);
  await lab.failed(role);
  return {
    role: () => role,
    mend: async () => {
      await mend();
      await lab.retry(role);
    },
    works: () => lab.whenServed(role),
  };
}

/** A cap that leaves the list of a provider to be filled. */
export const ROLES_PER_ACCOUNT = 99;

/** Give each an account. */
const PLAYS: Readonly<Record<string, (lab: Lab, index: number) => Promise<Broken>>> = {
  async AudienceNotOnProvider(lab, index) {
    const role = await lab.served(index, 'unlisted');
    await silenced(lab, index);
    const { iam, providerArn } = lab.member(index);
    const input = { OpenIDConnectProviderArn: providerArn, ClientID: role.audience };
    await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand(input));
    return {
      role: () => role,
      workload: () => lab.enter(role.workload),
      mend: () => iam.send(new AddClientIDToOpenIDConnectProviderCommand(input)),
    };
  },

  async SubjectOpen(lab, index) {
    const role = await lab.served(index, 'open');
    await silenced(lab, index);
    const aud = role.audience;
    const [open, pinned] = [{ aud }, { aud, sub: role.principalId }].map((claims) =>
      trustOn(lab.member(index), claims),
    );
    return withTrust(lab, role, open, pinned);
  },

  async ProviderMissing(lab, index) {
    const role = await lab.served(index, 'without-provider');
    await silenced(lab, index);
    const mend = await withoutProvider(lab.member(index));
    return { role: () => role, workload: () => lab.enter(role.workload), mend };
  },

  async ProviderWithoutSlash(lab, index) {
    const role = await lab.served(index, 'without-slash');
    await silenced(lab, index);
    const { iam, providerArn } = lab.member(index);
    const misspelt = providerArn.replace(/\/$/, '');
    const spelling = (url: string) => ({
      Url: `https://${url.split('oidc-provider/')[1]}`,
      ClientIDList: [placeholderOf(lab.factory), role.audience],
    });
    const [right, wrong] = [spelling(providerArn), spelling(misspelt)];
    const remove = (arn: string) =>
      iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }));
    await remove(providerArn);
    await iam.send(new CreateOpenIDConnectProviderCommand(wrong));
    return {
      role: () => role,
      workload: () => lab.enter(role.workload),
      mend: async () => {
        await remove(misspelt);
        await iam.send(new CreateOpenIDConnectProviderCommand(right));
      },
    };
  },

  async RuleDisabled(lab, index) {
    const { events, Name } = await forwardingRule(lab, index);
    await events.send(new DisableRuleCommand({ Name }));
    return unheard(lab, index, 'unheard', () => events.send(new EnableRuleCommand({ Name })));
  },

  async NotDeployed(lab, index) {
    const { events, Name, EventPattern, Targets } = await forwardingRule(lab, index);
    await events.send(new RemoveTargetsCommand({ Rule: Name, Ids: Targets.map(({ Id }) => Id ?? '') }));
    await events.send(new DeleteRuleCommand({ Name }));
    return unheard(lab, index, 'in-no-organization-yet', async () => {
      await events.send(new PutRuleCommand({ Name, EventPattern }));
      await events.send(new PutTargetsCommand({ Rule: Name, Targets }));
    });
  },

  async DeploymentChanged(lab, index) {
    const { events, Name, EventPattern = '' } = await forwardingRule(lab, index);
    const ofAnotherTenant = EventPattern.replaceAll(lab.factory.sandbox.world.tenantId, 'another-tenant');
    await events.send(new PutRuleCommand({ Name, EventPattern: ofAnotherTenant }));
    return unheard(lab, index, 'of-another-pattern', () =>
      events.send(new PutRuleCommand({ Name, EventPattern })),
    );
  },

  async DeadLetters(lab, index) {
    const { iam, accountId } = lab.member(index);
    const denial = { RoleName: 'oidc-factory-forwarder', PolicyName: 'denied-by-somebody' };
    const statement = { Effect: 'Deny', Action: 'events:PutEvents', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await iam.send(new PutRolePolicyCommand({ ...denial, PolicyDocument }));
    const role = await lab.create(index, 'given-up');
    const waiting = queueOf(lab.factory, accountId, 'NotForwarded');
    const { Body } = await taken(waiting, 'the event');
    await waiting.sqs.send(new SendMessageCommand({ QueueUrl: waiting.url, MessageBody: Body }));
    return {
      role: () => role,
      mend: async () => {
        await iam.send(new DeleteRolePolicyCommand(denial));
        await waiting.sqs.send(new PurgeQueueCommand({ QueueUrl: waiting.url }));
      },
      works: () => untilSwept(lab, role),
    };
  },

  MemberRoleNotAssumable: async (lab, index) =>
    unserved(lab, index, 'without-trust-role', await withoutMemberRole(lab.member(index), 'trust')),

  RunsFailed: async (lab, index) =>
    unserved(lab, index, 'without-provider-role', await withoutMemberRole(lab.member(index), 'provider')),

  async ProviderFull(lab, index) {
    const unused = await Promise.all(['unused', 'unused-too'].map((name) => lab.served(index, name)));
    await withFullProvider(lab.member(index));
    const broken = await unserved(lab, index, 'without-room', async () => {
      await Promise.all(unused.map(lab.remove));
      await Promise.all(unused.map(lab.untilUnlisted));
    });
    const caps = { rolesPerAccount: ROLES_PER_ACCOUNT };
    const config = { ...configFor(lab.factory.sandbox.world), caps };
    return { ...broken, config: () => lab.command.file('as-deployed.json', JSON.stringify(config)) };
  },

  /** By hand: two applications, a provider of version 2.0 tokens, and a role that trusts the one's audience. */
  async CallerIsAudience(lab, index) {
    const { tenantId } = lab.factory.sandbox.world;
    const identity = lab.identity('caller');
    const { appId, secret } = await lab.factory.registerApplication('an API of ours');
    await lab.graph('PATCH', `/applications(appId='${appId}')`, { api: { requestedAccessTokenVersion: 2 } });
    const { id: sub } = await lab.graph('GET', `/servicePrincipals(appId='${appId}')?$select=id`);
    const path = `login.microsoftonline.com/${tenantId}/v2.0`;
    const { iam, accountId } = lab.member(index);
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url: `https://${path}`, ClientIDList: [appId] }));
    await lab.createWith(index, 'version-two-by-hand', {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: 'sts:AssumeRoleWithWebIdentity',
        Principal: { Federated: `arn:aws:iam::${accountId}:oidc-provider/${path}` },
        Condition: { StringEquals: { [`${path}:aud`]: appId, [`${path}:sub`]: [sub, identity.objectId] } },
      },
    });
    const role = roleOf(lab, index, 'version-two-by-hand');
    let env: Readonly<Record<string, string>> = { AZURE_CLIENT_ID: identity.clientId };
    return {
      role: () => role,
      workload: () => lab.enter({ roleArn: role.arn, audience: appId, env }),
      mend: async () => {
        env = { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: appId, AZURE_CLIENT_SECRET: secret };
      },
    };
  },

  async PlaceholderNotListed(lab, index) {
    await silenced(lab, index);
    const { iam, providerArn } = lab.member(index);
    const input = { OpenIDConnectProviderArn: providerArn, ClientID: placeholderOf(lab.factory) };
    await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand(input));
    const role = roleOf(lab, index, 'oidc-factory-inspect');
    return { role: () => role, mend: () => iam.send(new AddClientIDToOpenIDConnectProviderCommand(input)) };
  },
};

/** How many member accounts they take, beside the first one. */
export const MEMBERS = Object.keys(PLAYS).length;

export const memberAccountSetUps: SetUps = Object.fromEntries(
  Object.entries(PLAYS).map(([code, play], index): [string, SetUp] => [code, (lab) => play(lab, index + 1)]),
);
