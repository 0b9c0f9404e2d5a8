/** What people change on roles and providers is put right within the time of an event, not of a sweep. */
import {
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { until } from '../../sandbox/clients.ts';
import { accountRecord } from './account-record.ts';
import { functionOf } from './functions.ts';
import { createRole, placeholderOf, quiet, roleWithStatus, trustOn, useFactory } from './harness.ts';

const factory = useFactory({ members: 2 });
const other = () => {
  const [, second] = factory().members;
  if (!second) throw new Error('There is no second member account');
  return second;
};
const placeholderTrust = (member = factory().member) => trustOn(member, { aud: placeholderOf(factory()) });

async function served(roleName: string): Promise<string> {
  await createRole(factory().member, roleName, placeholderTrust());
  const { tags } = await roleWithStatus(factory().member, roleName, 'ready');
  return tags['oidc-factory:audience'] ?? '';
}

const updateTrust = (RoleName: string, document: object) =>
  factory().member.iam.send(
    new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(document) }),
  );

const removeAudience = (ClientID: string) =>
  factory().member.iam.send(
    new RemoveClientIDFromOpenIDConnectProviderCommand({
      OpenIDConnectProviderArn: factory().member.providerArn,
      ClientID,
    }),
  );

const listed = (audience: string) =>
  until(`${audience} on the list`, async () =>
    (await factory().member.audiences()).includes(audience) ? true : undefined,
  );

describe('a change of a role', () => {
  it('that makes it trust the tenant has it served', async () => {
    const elsewhere = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    };
    await createRole(factory().member, 'converted', elsewhere);
    await updateTrust('converted', placeholderTrust());
    await roleWithStatus(factory().member, 'converted', 'ready');
  });

  it('that puts the placeholder back is put right, with the same application', async () => {
    const audience = await served('reverted');
    await updateTrust('reverted', placeholderTrust());
    const trust = await until('the audience in the trust policy', async () => {
      const role = await factory().member.role('reverted');
      return role.trust.includes(audience) ? role.trust : undefined;
    });
    expect(trust).not.toContain(placeholderOf(factory()));
  });

  it('that takes the ignore tag off has it served', async () => {
    const { member } = factory();
    const Tags = [{ Key: 'oidc-factory:ignore', Value: 'for now' }];
    await createRole(member, 'ignored', placeholderTrust(), { Tags });
    await quiet(factory());
    expect((await member.role('ignored')).tags).toEqual({ 'oidc-factory:ignore': 'for now' });
    await member.iam.send(new UntagRoleCommand({ RoleName: 'ignored', TagKeys: ['OIDC-Factory:Ignore'] }));
    await roleWithStatus(member, 'ignored', 'ready');
  });
});

describe('a change of the provider', () => {
  it('that takes an audience of the factory off has it put back', async () => {
    const audience = await served('unlisted');
    await removeAudience(audience);
    await listed(audience);
  });

  it('that takes the placeholder off has it put back', async () => {
    await removeAudience(placeholderOf(factory()));
    await listed(placeholderOf(factory()));
  });

  it('that deletes it has it made again', async () => {
    const { iam, providerArn } = other();
    await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: providerArn }));
    const audiences = await until('the provider', () =>
      other()
        .audiences()
        .catch(() => undefined),
    );
    expect(audiences).toEqual([placeholderOf(factory())]);
  });

  it('of another issuer is nobody’s business', async () => {
    const { iam } = factory().member;
    const { OpenIDConnectProviderArn } = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: 'https://issuer.example', ClientIDList: ['a', 'b'] }),
    );
    await quiet(factory());
    factory().sandbox.recorder.clearCalls();
    await iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: 'a' }),
    );
    await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    await quiet(factory());
    expect(calledBy('dispatch-role-event')).toEqual([]);
  });
});

/** Operations that a function of the factory has called. */
const calledBy = (name: string): string[] =>
  factory()
    .sandbox.recorder.calls()
    .filter(
      ({ caller, operation }) => caller.includes(`oidc-factory-${name}/`) && !/Message|Log/.test(operation),
    )
    .map(({ operation }) => operation);

describe('the heartbeat', () => {
  it('is a tag of the provider, whose event comes back and is recorded', async () => {
    const { sandbox, awsOptions, member } = factory();
    const { FunctionName } = await functionOf(factory(), 'enrol-account');
    const lambda = new LambdaClient({ ...awsOptions, credentials: { ...sandbox.ready.aws.factory } });
    const input = { run: { accountId: member.accountId }, execution: 'by-hand', heartbeat: true };
    const { FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(input) }),
    );
    expect(FunctionError).toBeUndefined();
    const record = await until('the heartbeat', async () => {
      const found = await accountRecord(factory(), member.accountId);
      return found?.heartbeatSeenAt === undefined ? undefined : found;
    });
    const { Tags } = await member.iam.send(
      new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: member.providerArn }),
    );
    expect(Tags).toEqual([{ Key: 'oidc-factory:heartbeat', Value: record.heartbeatSentAt }]);
  });
});

describe('what the factory does itself', () => {
  it('does not come back to it as an event', async () => {
    const { sandbox, member } = factory();
    await quiet(factory());
    sandbox.recorder.clearCalls();
    await served('once');
    await quiet(factory());
    // Of all that was written on the way, CreateRole alone is dispatched.
    expect(calledBy('dispatch-role-event')).toEqual(['StartExecution']);
    await member.iam.send(new TagRoleCommand({ RoleName: 'once', Tags: [{ Key: 'team', Value: 'blue' }] }));
    await quiet(factory());
    expect(calledBy('dispatch-role-event')).toEqual(['StartExecution']);
  });
});
