import { ListParentsCommand, OrganizationsClient, paginateListAccounts } from '@aws-sdk/client-organizations';
import { FactoryError } from '../../core/errors.ts';
import { accountId } from '../../core/ids.ts';
import type { OrganizationAccount } from '../../core/sweep.ts';
import type { Organization } from '../enrol-account/ports.ts';
import type { OrganizationAccounts } from '../sweep-ports.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { calling, type ErrorTable } from './aws-errors.ts';

const ERRORS: ErrorTable = {
  AccessDenied: 'OrganizationForbidden',
  AWSOrganizationsNotInUse: 'OrganizationForbidden',
};

/** AWS Organizations, as the management account or a delegated administrator may read it. */
export const organization = (client = new OrganizationsClient(CLIENT_OPTIONS)): Organization => ({
  unitsOf: async (accountId) => {
    const units: string[] = [];
    let child: string = accountId;
    for (;;) {
      const { Parents = [] } = await calling(`ListParents of ${child}`, ERRORS, () =>
        client.send(new ListParentsCommand({ ChildId: child })),
      );
      const [parent] = Parents;
      if (!parent?.Id) throw new FactoryError('Unexpected', `ListParents of ${child}: the answer is empty`);
      units.push(parent.Id);
      if (parent.Type === 'ROOT') return units;
      child = parent.Id;
    }
  },
});

/** All its accounts. */
export const organizationAccounts = (
  client = new OrganizationsClient(CLIENT_OPTIONS),
): OrganizationAccounts => ({
  accounts: () =>
    calling('ListAccounts', ERRORS, async () => {
      const accounts: OrganizationAccount[] = [];
      for await (const { Accounts = [] } of paginateListAccounts({ client }, {})) {
        for (const { Id, State = 'unknown' } of Accounts)
          accounts.push({ accountId: accountId(Id), state: State });
      }
      return accounts;
    }),
});
