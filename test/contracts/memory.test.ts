import type { RoleName } from '../../core/ids.ts';
import { MemoryClock } from '../clouds/memory-clock.ts';
import { MemoryDirectory } from '../clouds/memory-directory.ts';
import { MemoryLedger } from '../clouds/memory-ledger.ts';
import { MemoryMemberAccounts } from '../clouds/memory-member-accounts.ts';
import { MEMBER, PLACEHOLDER, SETTINGS } from '../workflows/settings.ts';
import { directoryContract } from './directory.contract.ts';
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
      createRole: async (roleName, trustPolicy) => {
        accounts.createRole({ accountId: MEMBER, roleName, trustPolicy });
      },
      deleteRole: async (roleName) => accounts.deleteRole(MEMBER, roleName as RoleName),
    },
  };
});
