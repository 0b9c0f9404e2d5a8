/** What ports promise holds for their adapters on a started factory, as it does in memory. */
import { randomUUID } from 'node:crypto';
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { accountId, eventId, executionArn, providerArn, roleId, roleName } from '../../../core/ids.ts';
import { until } from '../../../sandbox/clients.ts';
import { directoryContract } from '../../contracts/directory.contract.ts';
import { executionsContract } from '../../contracts/executions.contract.ts';
import { ledgerContract } from '../../contracts/ledger.contract.ts';
import { memberAccountsContract } from '../../contracts/member-accounts.contract.ts';
import { useAdapters } from './adapters.ts';

const started = useAdapters();

ledgerContract('in DynamoDB', async () => started().adapters.ledger);

directoryContract('through Graph, logged in with a token of AWS', async () => {
  const { adapters, graph } = started();
  return {
    directory: adapters.directory,
    settings: adapters.settings,
    squat: async (uniqueName) => {
      const { status } = await graph('POST', '/applications', { displayName: 'squatter', uniqueName });
      if (status !== 201) throw new Error(`Graph answers ${status}`);
    },
  };
});

memberAccountsContract('through IAM', async () => {
  const { adapters, member } = started();
  return {
    accounts: adapters.accounts,
    accountId: accountId(member.accountId),
    providerArn: providerArn(member.providerArn),
    admin: {
      createRole: async (RoleName, trust, { path = '/', tags = {} } = {}) => {
        await member.iam.send(
          new CreateRoleCommand({
            RoleName,
            AssumeRolePolicyDocument: JSON.stringify(trust),
            Path: path,
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          }),
        );
      },
      deleteRole: async (RoleName) => {
        await member.iam.send(new DeleteRoleCommand({ RoleName }));
      },
    },
  };
});

executionsContract('in Step Functions', async () => {
  const { adapters, member, sandbox, states } = started();
  const run = (name: string, of = member.accountId) => ({
    accountId: accountId(of),
    roleName: roleName(name),
    roleId: null,
    eventId: eventId(randomUUID()),
    eventTime: new Date().toISOString(),
    createdBy: null,
  });
  return {
    executions: adapters.executions,
    // As if IAM did not show it yet: asked for again and again, for minutes of the product's time.
    lasting: { ...run('never-created'), eventTime: new Date(Date.now() + 3_600_000).toISOString() },
    // Protected.
    succeeding: run('oidc-factory-inspect'),
    // No member role there.
    failing: run('any', sandbox.world.outsideAccountId),
    removal: { ...run('unknown'), roleId: roleId('AROA0000000000UNKNOWN'), deletedAt: null },
    arnOf: (workflow, name) =>
      executionArn(`${adapters.stateMachineArns[workflow].replace(':stateMachine:', ':execution:')}:${name}`),
    ended: (arn) =>
      until(`the end of ${arn}`, async () => {
        const { status } = await states.send(new DescribeExecutionCommand({ executionArn: arn }));
        return status === 'RUNNING' ? undefined : status;
      }),
  };
});
