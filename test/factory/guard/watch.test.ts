/** What the guard tells, in which mode it does what, and what it finds without an event. */
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GuardMode } from '../../../core/guard/settings.ts';
import type { ImportedFinding } from '../../../sandbox/aws/securityhub.ts';
import { until } from '../../../sandbox/clients.ts';
import { administratorKeys, clientsOf } from '../callers.ts';
import { configure } from '../functions.ts';
import {
  attachedTo,
  CLOSED_SUB,
  createGithubRole,
  fileOf,
  fileThat,
  githubProvider,
  githubTrust,
  isFound,
  isIn,
  OPEN_SUB,
  openRules,
  useGuardedFactory,
} from './guarded.ts';

/** Events about these never arrive. */
const LOST = ['missed', 'missed-again'];
const factory = useGuardedFactory({
  onCloudTrailRecord: (record, deliver) => {
    const name = (record.requestParameters as { roleName?: string } | null)?.roleName;
    if (name === undefined || !LOST.includes(name)) deliver();
  },
});

const admin = () => {
  const { sandbox } = factory();
  return clientsOf(factory(), administratorKeys(factory(), sandbox.world.factoryAccountId));
};
const setMode = (mode: GuardMode) => configure(factory(), 'guard-role', 'GUARD_MODE', mode);
const setTrust = async (RoleName: string, sub: string) => {
  const PolicyDocument = JSON.stringify(await githubTrust(factory(), sub));
  await factory().member.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
};
const guardTagOf = async (name: string) => (await factory().member.role(name)).tags['oidc-factory:guard'];

// biome-ignore lint/suspicious/noExplicitAny: events are read as a subscriber would
type Event = any;
let received: Event[] = [];
let queueUrl = '';

beforeAll(async () => {
  // A subscriber: any rule on the factory's bus.
  const { events, sqs } = admin();
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'subscriber' }));
  queueUrl = QueueUrl;
  const { factoryAccountId, region } = factory().sandbox.world;
  const Arn = `arn:aws:sqs:${region}:${factoryAccountId}:subscriber`;
  const rule = { Name: 'findings', EventBusName: 'oidc-factory' };
  const EventPattern = JSON.stringify({ source: ['oidc-factory.guard'] });
  const { RuleArn } = await events.send(new PutRuleCommand({ ...rule, EventPattern }));
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: Arn,
        Condition: { ArnEquals: { 'aws:SourceArn': RuleArn } },
      },
    ],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const { Name: Rule, EventBusName } = rule;
  await events.send(new PutTargetsCommand({ Rule, EventBusName, Targets: [{ Id: 'subscriber', Arn }] }));
  await hub('EnableSecurityHub');
  // Whoever deletes a role right after IAM's answer would wait for the queue to deliver again.
  await configure(factory(), 'guard-role', 'SETTLE_SECONDS', '20');
});

/** Every finding that a subscriber got about a role, oldest first. */
async function toldOf(roleName: string): Promise<Event[]> {
  const { sqs } = admin();
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) break;
    for (const { Body = '', ReceiptHandle } of Messages) {
      received.push(JSON.parse(Body));
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    }
  }
  received = received.toSorted((a, b) => a.detail.time - b.detail.time);
  return received.filter(({ detail }) => detail.resources[0].name === roleName);
}

/** What a subscriber got about WI01 on a role, once it got it. */
const told = (roleName: string, activity: 'Create' | 'Close'): Promise<Event> =>
  until(`${activity} of WI01 on ${roleName}`, async () =>
    (await toldOf(roleName)).find(
      ({ detail }) => detail.compliance.control === 'WI01' && detail.activity_name === activity,
    ),
  );

/** As the member's administrator, in Security Hub. */
function hub<T>(operation: string, input: object = {}): Promise<T> {
  const { aws, administrator } = factory().sandbox;
  const { caller } = administrator(factory().member.accountId);
  return aws.cloud.invoke<T>('securityhub', operation, input, caller, 'us-east-1');
}
const imported = async (arn: string) =>
  (await hub<{ Findings: ImportedFinding[] }>('GetFindings')).Findings.filter(({ Id }) =>
    Id.startsWith(`${arn}/`),
  );

/** The clock strikes, without waiting for it. */
async function tick(): Promise<void> {
  const { sqs } = admin();
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const url = QueueUrls.find((candidate) => candidate.includes('GuardQueue'));
  const MessageBody = JSON.stringify({
    source: 'aws.events',
    'detail-type': 'Scheduled Event',
    detail: {},
  });
  await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody, DelaySeconds: 0 }));
}

describe.each<[GuardMode, { tags: boolean; contains: boolean }]>([
  ['observe', { tags: false, contains: false }],
  ['suggest', { tags: true, contains: false }],
])('in mode %s', (mode, does) => {
  beforeAll(async () => {
    await setMode(mode);
  });

  it('a role that strangers may enter is told to subscribers and Security Hub, and no more is done than the mode says', async () => {
    const name = `told-${mode}`;
    const arn = await createGithubRole(factory(), name, OPEN_SUB);
    const file = await fileThat(factory(), name, 'found', isFound('WI01'));
    expect(file.containment).toBeUndefined();
    expect(await attachedTo(factory(), name)).toEqual([]);
    expect(await guardTagOf(name)).toEqual(does.tags ? expect.stringMatching(/^WI01 critical/) : undefined);

    const opened = await told(name, 'Create');
    expect(opened).toMatchObject({
      source: 'oidc-factory.guard',
      'detail-type': 'OCSF Compliance Finding',
      resources: [arn],
      detail: {
        activity_name: 'Create',
        severity: 'Critical',
        finding_info: { uid: `${arn}/${file.roleId}/WI01` },
        cloud: { account: { uid: factory().member.accountId } },
        unmapped: { quarantine: 'none', witness: { claims: { sub: expect.stringMatching(/^repo:acme/) } } },
      },
    });
    // A look through the account may find the role before the event that names its creator.
    await until('its creator', async () =>
      (await toldOf(name)).find(({ detail }) =>
        detail.resources[0].owner?.uid.endsWith(':user/administrator'),
      ),
    );
    expect(await imported(arn)).toContainEqual(
      expect.objectContaining({
        Id: `${arn}/${file.roleId}/WI01`,
        RecordState: 'ACTIVE',
        FindingProviderFields: expect.objectContaining({ Severity: { Label: 'CRITICAL' } }),
      }),
    );

    await setTrust(name, CLOSED_SUB);
    await fileThat(factory(), name, 'mended', (now) => !isFound('WI01')(now));
    expect((await told(name, 'Close')).detail).toMatchObject({ status: 'Resolved' });
    expect(await imported(arn)).toContainEqual(
      expect.objectContaining({ Id: `${arn}/${file.roleId}/WI01`, RecordState: 'ARCHIVED' }),
    );
    expect(await guardTagOf(name)).toEqual(does.tags ? expect.any(String) : undefined);
  });
});

describe('in mode enforce', () => {
  beforeAll(async () => {
    await setMode('enforce');
  });

  it('subscribers learn with the finding that the role is contained', async () => {
    await createGithubRole(factory(), 'told-enforce', OPEN_SUB);
    await fileThat(factory(), 'told-enforce', 'contained', isIn('attached'));
    expect((await told('told-enforce', 'Create')).detail).toMatchObject({
      unmapped: { quarantine: 'attached' },
    });
  });

  it('a role that is deleted takes its findings with it', async () => {
    const { iam } = factory().member;
    await createGithubRole(factory(), 'deleted', OPEN_SUB);
    await fileThat(factory(), 'deleted', 'contained', isIn('attached'));
    // IAM deletes no role that has policies: whoever deletes it takes the quarantine off first.
    await expect(iam.send(new DeleteRoleCommand({ RoleName: 'deleted' }))).rejects.toThrow('detach');
    const PolicyArn = `arn:aws:iam::${factory().member.accountId}:policy/oidc-factory-quarantine`;
    await iam.send(new DetachRolePolicyCommand({ RoleName: 'deleted', PolicyArn }));
    await iam.send(new DeleteRoleCommand({ RoleName: 'deleted' }));
    const file = await fileThat(factory(), 'deleted', 'gone', ({ goneAt }) => goneAt !== undefined);
    expect(openRules(file)).toEqual([]);
    await told('deleted', 'Close');
  });
});

describe('what no event tells of', () => {
  it('is found by the sweep of every account that is known', async () => {
    await createGithubRole(factory(), 'missed', OPEN_SUB);
    expect(await fileOf(factory(), 'missed')).toBeUndefined();
    await tick();
    await fileThat(factory(), 'missed', 'contained', isIn('attached'));
    await createGithubRole(factory(), 'missed-again', OPEN_SUB);
    const restore = await configure(factory(), 'guard-role', 'SWEEP_SECONDS', '0.001');
    await tick();
    await fileThat(factory(), 'missed-again', 'contained', isIn('attached'));
    await restore();
  });

  it('is a policy or a provider that changes under the roles', async () => {
    const { iam } = factory().member;
    const document = (Action: string) =>
      JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action, Resource: '*' } });
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: 'job', PolicyDocument: document('s3:GetObject') }),
    );
    const PolicyArn = Policy?.Arn;
    await createGithubRole(factory(), 'job', CLOSED_SUB);
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'job', PolicyArn }));
    const before = await fileThat(factory(), 'job', 'known', () => true);
    expect(openRules(before)).not.toContain('WR01');
    const PolicyDocument = document('*');
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true }));
    const after = await fileThat(factory(), 'job', 'an administrator', isFound('WR01'));
    const OpenIDConnectProviderArn = await githubProvider(factory());
    await iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({
        OpenIDConnectProviderArn,
        ClientID: 'sts.amazonaws.com',
      }),
    );
    await fileThat(factory(), 'job', 'looked at again', ({ version }) => version > after.version);
  });
});
