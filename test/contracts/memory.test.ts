import { randomUUID } from 'node:crypto';
import { FactoryError } from '../../core/errors.ts';
import { eventId, executionArn, type RoleName, roleId, roleName } from '../../core/ids.ts';
import type { FunctionName } from '../../core/naming.ts';
import type { InspectRoleInput } from '../../lambdas/workflow.ts';
import { MemoryClock } from '../../simulator/clouds/memory-clock.ts';
import { MemoryDirectory } from '../../simulator/clouds/memory-directory.ts';
import { MemoryLedger } from '../../simulator/clouds/memory-ledger.ts';
import { MemoryMemberAccounts } from '../../simulator/clouds/memory-member-accounts.ts';
import { Engine } from '../../simulator/engine.ts';
import type { Handler } from '../../simulator/functions.ts';
import { FACTORY_ACCOUNT, MEMBER, PLACEHOLDER, SETTINGS } from '../../simulator/settings.ts';
import { directoryContract } from './directory.contract.ts';
import { executionsContract } from './executions.contract.ts';
import { ledgerContract } from './ledger.contract.ts';
import { memberAccountsContract } from './member-accounts.contract.ts';

ledgerContract('in memory', async () => new MemoryLedger());

directoryContract('in memory', async () => {
  const directory = new MemoryDirectory(new MemoryClock(), SETTINGS);
  return {
    directory,
    settings: SETTINGS,
    squat: async (uniqueName) => {
      directory.squat(uniqueName);
    },
  };
});

memberAccountsContract('in memory', async () => {
  const accounts = new MemoryMemberAccounts(new MemoryClock());
  return {
    accounts,
    accountId: MEMBER,
    providerArn: accounts.createProvider(MEMBER, SETTINGS.issuer.url, [PLACEHOLDER]),
    admin: {
      createRole: async (roleName, trustPolicy, more) => {
        accounts.createRole({ accountId: MEMBER, roleName, trustPolicy, ...more });
      },
      deleteRole: async (roleName) => accounts.deleteRole(MEMBER, roleName as RoleName),
    },
  };
});

executionsContract('in memory', async () => {
  const clock = new MemoryClock();
  const handlers: Partial<Record<FunctionName, Handler>> = {
    'inspect-role': async ({ run }: InspectRoleInput) => {
      if (run.roleName === 'lasting') return new Promise(() => {});
      if (run.roleName === 'failing') throw new FactoryError('InvalidInput');
      return { decision: 'skip', reason: 'protected', entry: null };
    },
    'record-outcome': async () => ({ outcome: 'failed', code: 'InvalidInput' }),
    'confirm-role-gone': async () => ({ decision: 'done', reason: 'it is removed already' }),
  };
  const engine = new Engine({
    clock,
    invoke: async (name, input) => handlers[name]?.(input as never),
  });
  const run = (name: string) => ({
    accountId: MEMBER,
    roleName: roleName(name),
    eventId: eventId(randomUUID()),
    eventTime: '2026-11-20T10:00:00Z',
    roleId: null,
    createdBy: null,
  });
  return {
    executions: engine,
    lasting: run('lasting'),
    succeeding: run('succeeding'),
    failing: run('failing'),
    removal: { ...run('gone'), roleId: roleId('AROA0000000000000GONE'), deletedAt: null },
    arnOf: (workflow, name) =>
      executionArn(`arn:aws:states:us-east-1:${FACTORY_ACCOUNT}:execution:oidc-factory-${workflow}:${name}`),
    ended: (arn) =>
      clock.run(
        engine.executions.find((execution) => execution.arn === arn)?.done ?? Promise.reject(new Error(arn)),
      ),
  };
});
