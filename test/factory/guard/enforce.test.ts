/** Mode enforce: a role that strangers may enter is cut off, whoever made it however, and let out when it is mended. */
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  DetachRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import type { CloudTrailRecord } from '../../../sandbox/aws/cloudtrail.ts';
import { until } from '../../../sandbox/clients.ts';
import { deployStack } from '../../../sandbox/cloudformation/deploy-stack.ts';
import { configure } from '../functions.ts';
import { createRole, placeholderOf, roleWithStatus, trustOn } from '../harness.ts';
import { alarmIs } from '../topics.ts';
import {
  attachedTo,
  CLOSED_SUB,
  createGithubRole,
  fileThat,
  githubSession,
  githubTrust,
  guardWrites,
  isFound,
  isIn,
  letWork,
  mayWork,
  OPEN_SUB,
  openRules,
  QUARANTINE,
  useGuardedFactory,
} from './guarded.ts';

/** As the console's session makes calls. */
const byConsole = (record: CloudTrailRecord): CloudTrailRecord =>
  ({
    ...record,
    userAgent: 'AWS Internal',
    sourceIPAddress: 'AWS Internal',
    sessionCredentialFromConsole: 'true',
  }) as CloudTrailRecord;

const factory = useGuardedFactory({
  onCloudTrailRecord: (record, deliver) => {
    const name = (record.requestParameters as { roleName?: string } | null)?.roleName;
    if (name === 'by-console') factory().sandbox.aws.events.deliverCloudTrail(byConsole(record));
    else deliver();
  },
});

const STRANGER = 'repo:acme-evil/api:ref:refs/heads/main';
const OURS = 'repo:acme@1/api@2:environment:production';

const setTrust = async (RoleName: string, sub: string) => {
  const PolicyDocument = JSON.stringify(await githubTrust(factory(), sub));
  await factory().member.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
};
const contained = (name: string) => fileThat(factory(), name, 'in quarantine', isIn('attached'));

describe.concurrent('a role that strangers may enter', () => {
  it('is cut off while they are in, and works again once it is mended', async () => {
    const arn = await createGithubRole(factory(), 'bad', OPEN_SUB);
    await letWork(factory(), 'bad');
    const stranger = await githubSession(factory(), arn, STRANGER);
    expect(await mayWork(factory(), stranger)).toBe('allowed');

    const file = await contained('bad');
    expect(file.containment).toMatchObject({ by: 'guard', rules: expect.arrayContaining(['WI01']) });
    expect(await mayWork(factory(), stranger)).toBe('denied');
    const { tags } = await factory().member.role('bad');
    expect(tags['oidc-factory:guard']).toMatch(/^quarantined: WI01 critical/);

    await setTrust('bad', CLOSED_SUB);
    await fileThat(factory(), 'bad', 'out of quarantine', isIn('lifted'));
    expect(await attachedTo(factory(), 'bad')).toEqual([]);
    const ours = await githubSession(factory(), arn, OURS);
    expect(await mayWork(factory(), ours)).toBe('allowed');
    await expect(githubSession(factory(), arn, STRANGER)).rejects.toThrow('Not authorized');
  });

  it('keeps working for the service that shares it', async () => {
    const service = {
      Effect: 'Allow',
      Principal: { Service: 'ec2.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    const arn = await createGithubRole(factory(), 'shared', OPEN_SUB, { statements: [service] });
    await letWork(factory(), 'shared');
    const { cloud } = factory().sandbox.aws;
    const session = () => {
      const { accessKeyId, secretAccessKey, sessionToken } = cloud.issueCredentials(
        cloud.assumeRoleAsService(arn, 'ec2.amazonaws.com', 'i-0123456789abcdef0'),
        3600,
      );
      return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
    };
    const running = session();
    const stranger = await githubSession(factory(), arn, STRANGER);
    await contained('shared');
    expect(await mayWork(factory(), stranger)).toBe('denied');
    expect(await mayWork(factory(), running)).toBe('allowed');
    expect(await mayWork(factory(), session())).toBe('allowed');
  });

  it('is found when the console made it', async () => {
    await createGithubRole(factory(), 'by-console', OPEN_SUB);
    await contained('by-console');
  });

  it('is found when CloudFormation made it, and judged when all of it is there', async () => {
    const { aws, world, administrator } = factory().sandbox;
    const { accountId } = factory().member;
    const AssumeRolePolicyDocument = await githubTrust(factory(), OPEN_SUB);
    await deployStack({
      cloud: aws.cloud,
      logs: aws.logs,
      responses: aws.responses,
      stackName: 'Team',
      template: {
        Resources: {
          Role: {
            Type: 'AWS::IAM::Role',
            Properties: {
              RoleName: 'by-stack',
              AssumeRolePolicyDocument,
              ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'],
              Policies: [
                {
                  PolicyName: 'own',
                  PolicyDocument: {
                    Version: '2012-10-17',
                    Statement: [{ Effect: 'Allow', Action: 'iam:PassRole', Resource: '*' }],
                  },
                },
              ],
            },
          },
        },
      },
      accountId,
      region: world.region,
      as: administrator(accountId).caller,
      assetFolder: () => undefined,
    });
    const file = await contained('by-stack');
    expect(openRules(file)).toEqual(expect.arrayContaining(['WI01', 'WR01']));
    expect((await attachedTo(factory(), 'by-stack')).sort()).toEqual(['AdministratorAccess', QUARANTINE]);
  });

  it('is found when a good role becomes one', async () => {
    await createGithubRole(factory(), 'turned', CLOSED_SUB);
    await fileThat(factory(), 'turned', 'known', () => true);
    expect(await attachedTo(factory(), 'turned')).toEqual([]);
    await setTrust('turned', OPEN_SUB);
    await contained('turned');
  });

  it('under a path is cut off as well', async () => {
    await createGithubRole(factory(), 'under-a-path', OPEN_SUB, { path: '/team/ci/' });
    await contained('under-a-path');
    expect(await attachedTo(factory(), 'under-a-path')).toEqual([QUARANTINE]);
  });

  it('with as many policies as it may have is reported, and keeps them', async () => {
    const { iam } = factory().member;
    await createGithubRole(factory(), 'full', CLOSED_SUB);
    for (let n = 0; n < 10; n++) {
      const PolicyDocument = JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' },
      });
      const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: `p${n}`, PolicyDocument }));
      await iam.send(new AttachRolePolicyCommand({ RoleName: 'full', PolicyArn: Policy?.Arn }));
    }
    await setTrust('full', OPEN_SUB);
    const file = await fileThat(factory(), 'full', 'without room', isIn('impossible'));
    expect(openRules(file)).toContain('WI01');
    expect(await attachedTo(factory(), 'full')).toHaveLength(10);
  });
});

describe('a role that is left alone', () => {
  it.each([
    ['OrganizationAccountAccessRole', 'it is protected'],
    ['cdk-hnb659fds-deploy-role-1-us-east-1', 'it is protected'],
  ])('though strangers may enter: %s (%s)', async (name) => {
    await createGithubRole(factory(), name, OPEN_SUB);
    await fileThat(factory(), name, 'found', isFound('WI01'));
    expect(await attachedTo(factory(), name)).toEqual([]);
    expect((await factory().member.role(name)).tags['oidc-factory:guard']).toBeUndefined();
  });

  it('as what the factory itself serves is, from the placeholder to its own application', async () => {
    const { member } = factory();
    await createRole(member, 'served', trustOn(member, { aud: placeholderOf(factory()) }));
    await roleWithStatus(member, 'served', 'ready');
    const file = await fileThat(factory(), 'served', 'found good', (now) => openRules(now).length === 0);
    expect(file.containment).toBeUndefined();
    expect(await attachedTo(factory(), 'served')).toEqual([]);
  });

  it('though strangers may enter, while it is not new: the grace runs', async () => {
    const restore = await configure(factory(), 'guard-role', 'NEW_ROLE_SECONDS', '0');
    try {
      await createGithubRole(factory(), 'older', OPEN_SUB);
      const file = await fileThat(factory(), 'older', 'found', isFound('WI01'));
      expect(file).toMatchObject({ dueAt: expect.any(String) });
      expect(file.containment).toBeUndefined();
      expect(await attachedTo(factory(), 'older')).toEqual([]);
    } finally {
      await restore();
    }
  });
});

describe('the quarantine, when others take it off', () => {
  it('is put back once; the second time the guard stands back', async () => {
    const { iam, accountId } = factory().member;
    await configure(factory(), 'guard-role', 'SETTLE_SECONDS', '20');
    await createGithubRole(factory(), 'fought-over', OPEN_SUB);
    const PolicyArn = `arn:aws:iam::${accountId}:policy/${QUARANTINE}`;
    const takeOff = async () => {
      // Sooner it may be IAM that is behind; an event that comes too soon waits in the queue.
      const settled = Date.parse((await contained('fought-over')).containment?.since ?? '') + 2_000;
      await until('IAM to have settled', async () => Date.now() > settled || undefined);
      await iam.send(new DetachRolePolicyCommand({ RoleName: 'fought-over', PolicyArn }));
    };
    await takeOff();
    await fileThat(
      factory(),
      'fought-over',
      'put back',
      ({ containment }) => containment?.detachments === 1 && containment.phase === 'attached',
    );
    expect(await attachedTo(factory(), 'fought-over')).toEqual([QUARANTINE]);
    await takeOff();
    await fileThat(factory(), 'fought-over', 'left to others', isIn('contested'));
    await alarmIs(factory(), 'quarantine-contested', 'ALARM');
    expect(await attachedTo(factory(), 'fought-over')).toEqual([]);
  });
});

it('nothing but the quarantine was ever attached or detached, and nothing written but that and one tag', async () => {
  expect([...new Set(guardWrites(factory()).map(({ operation }) => operation))].sort()).toEqual([
    'AttachRolePolicy',
    'DetachRolePolicy',
    'TagRole',
  ]);
  const outcomes = new Set(
    guardWrites(factory()).map(({ caller, operation }) => `${caller.split('/')[1]} ${operation}`),
  );
  expect([...outcomes].sort()).toEqual([
    'oidc-factory-audit TagRole',
    'oidc-factory-contain AttachRolePolicy',
    'oidc-factory-contain DetachRolePolicy',
  ]);
});
