/** AWS Organizations, as far as reading accounts and where they stand goes. */
import type * as Organizations from '@aws-sdk/client-organizations';
import {
  AccessDeniedException,
  AccountNotFoundException,
  AWSOrganizationsNotInUseException,
  ChildNotFoundException,
  InvalidInputException,
  ParentNotFoundException,
} from '@aws-sdk/client-organizations';
import type { OperationHandler, ServiceCall, ServiceDefinition } from '../cloud.ts';
import { FieldError } from '../fields.ts';
import type { AwsCloud } from './cloud.ts';
import { PARTITION } from './iam/store.ts';
import { pageOf } from './regional.ts';

export interface OrganizationsOptions {
  readonly id: string;
  readonly managementAccountId: string;
  /** May read, as the management account may; all other accounts may only see that there is an organization. */
  readonly delegatedAdministrators: readonly string[];
  readonly rootId: string;
  readonly organizationalUnits: readonly { readonly id: string; readonly parentId: string }[];
  /** Accounts and the root or unit that holds them. */
  readonly accounts: readonly { readonly id: string; readonly parentId: string }[];
}

export const ACCOUNT_STATES = ['ACTIVE', 'SUSPENDED', 'PENDING_CLOSURE', 'CLOSED'] as const;

export interface Move {
  readonly accountId: string;
  readonly state?: (typeof ACCOUNT_STATES)[number] | undefined;
  /** Root or unit that holds it from now on; null: it leaves the organization, for good. */
  readonly parentId?: string | null | undefined;
}

export interface OrganizationsService extends ServiceDefinition {
  /** A new account, empty and active. */
  open(account: { readonly id: string; readonly parentId: string }): void;
  /** What the management account would do. Throws a FieldError where there is no such account or parent. */
  move(move: Move): void;
}

interface Account {
  readonly id: string;
  readonly joinedAt: Date;
  state: (typeof ACCOUNT_STATES)[number];
  parentId: string;
}

/** The API's own limit, and what it gives without being asked. */
const PAGE = 20;

export function createOrganizations(cloud: AwsCloud, options: OrganizationsOptions): OrganizationsService {
  const { id, managementAccountId, rootId } = options;
  const joinedAt = new Date(cloud.time.now());
  const accounts = new Map(
    options.accounts.map((account): [string, Account] => [
      account.id,
      { ...account, joinedAt, state: 'ACTIVE' },
    ]),
  );
  const units = new Map(options.organizationalUnits.map((unit) => [unit.id, unit]));
  const readers = [managementAccountId, ...options.delegatedAdministrators];

  const arn = (kind: string, resource: string) =>
    `arn:${PARTITION}:organizations::${managementAccountId}:${kind}/${id}/${resource}`;
  const arnOf = (target: string) =>
    target === rootId ? arn('root', target) : arn(accounts.has(target) ? 'account' : 'ou', target);

  /** `target`: an account, a unit or the root; absent where the action knows no resource. */
  function authorize(call: ServiceCall, target?: string): void {
    const resource = target === undefined ? '*' : arnOf(target);
    call.authorize({ action: `organizations:${call.operation}`, resource });
    if (cloud.organizationOf(call.caller.accountId) !== id) {
      const message = 'Your account is not a member of an organization.';
      throw new AWSOrganizationsNotInUseException({ message, $metadata: {} });
    }
  }

  /** As {@link authorize}, for what only the management account and delegated administrators see. */
  function authorizeReader(call: ServiceCall, target?: string): void {
    authorize(call, target);
    if (readers.includes(call.caller.accountId)) return;
    const message = "You don't have permissions to access this resource.";
    throw new AccessDeniedException({ message, $metadata: {} });
  }

  function accountOf(accountId: string | undefined): Account {
    const account = accounts.get(accountId ?? '');
    if (account) return account;
    const message = "You specified an account that doesn't exist.";
    throw new AccountNotFoundException({ message, $metadata: {} });
  }

  const holds = (parentId: string | undefined): boolean => parentId === rootId || units.has(parentId ?? '');

  const shown = (account: Account): Organizations.Account => ({
    Id: account.id,
    Arn: arnOf(account.id),
    Email: `aws+${account.id}@example.com`,
    Name: `account ${account.id}`,
    // No Status: retired in September 2026.
    State: account.state,
    JoinedMethod: account.id === managementAccountId ? 'INVITED' : 'CREATED',
    JoinedTimestamp: account.joinedAt,
  });

  const operations: Readonly<Record<string, OperationHandler>> = {
    ListAccounts(input: Organizations.ListAccountsRequest, call): Organizations.ListAccountsResponse {
      authorizeReader(call);
      return listed([...accounts.values()].map(shown), input);
    },

    ListAccountsForParent(
      input: Organizations.ListAccountsForParentRequest,
      call,
    ): Organizations.ListAccountsForParentResponse {
      authorizeReader(call, input.ParentId);
      if (!holds(input.ParentId)) {
        const message = "You specified parent that doesn't exist.";
        throw new ParentNotFoundException({ message, $metadata: {} });
      }
      const own = [...accounts.values()].filter(({ parentId }) => parentId === input.ParentId);
      return listed(own.map(shown), input);
    },

    ListParents(input: Organizations.ListParentsRequest, call): Organizations.ListParentsResponse {
      const { ChildId = '' } = input;
      authorizeReader(call, ChildId);
      const parentId = (accounts.get(ChildId) ?? units.get(ChildId))?.parentId;
      if (parentId === undefined) {
        const message = "You specified a child that doesn't exist.";
        throw new ChildNotFoundException({ message, $metadata: {} });
      }
      return { Parents: [{ Id: parentId, Type: parentId === rootId ? 'ROOT' : 'ORGANIZATIONAL_UNIT' }] };
    },

    DescribeAccount(
      input: Organizations.DescribeAccountRequest,
      call,
    ): Organizations.DescribeAccountResponse {
      authorizeReader(call, input.AccountId);
      return { Account: shown(accountOf(input.AccountId)) };
    },

    DescribeOrganization(_input: object, call): Organizations.DescribeOrganizationResponse {
      authorize(call);
      return {
        Organization: {
          Id: id,
          Arn: `arn:${PARTITION}:organizations::${managementAccountId}:organization/${id}`,
          FeatureSet: 'ALL',
          MasterAccountArn: arnOf(managementAccountId),
          MasterAccountId: managementAccountId,
          MasterAccountEmail: `aws+${managementAccountId}@example.com`,
        },
      };
    },
  };

  return {
    id: 'organizations',
    operations,
    open(account) {
      cloud.iam.openAccount(account.id);
      cloud.setStanding(account.id, { isMember: true, isActive: true });
      const joined = new Date(cloud.time.now());
      accounts.set(account.id, { ...account, joinedAt: joined, state: 'ACTIVE' });
    },
    move({ accountId, state, parentId }) {
      const account = accounts.get(accountId);
      if (!account) throw new FieldError('accountId', `the organization has no account ${accountId}`);
      if (typeof parentId === 'string' && !holds(parentId)) {
        throw new FieldError('parentId', `the organization has no root or unit ${parentId}`);
      }
      account.state = state ?? account.state;
      account.parentId = parentId ?? account.parentId;
      if (parentId === null) accounts.delete(accountId);
      cloud.setStanding(accountId, { isMember: parentId !== null, isActive: account.state === 'ACTIVE' });
    },
  };
}

function listed(
  all: readonly Organizations.Account[],
  { MaxResults = PAGE, NextToken }: { MaxResults?: number | undefined; NextToken?: string | undefined },
): Organizations.ListAccountsResponse {
  const invalid = (Reason: Organizations.InvalidInputExceptionReason) =>
    new InvalidInputException({ message: 'You provided an invalid value.', Reason, $metadata: {} });
  if (MaxResults > PAGE) throw invalid('MAX_VALUE_EXCEEDED');
  if (MaxResults < 1) throw invalid('MIN_VALUE_EXCEEDED');
  const { items, next } = pageOf(all, {
    limit: MaxResults,
    token: NextToken,
    refuse: () => invalid('INVALID_NEXT_TOKEN'),
  });
  return { Accounts: items, ...(next !== undefined && { NextToken: next }) };
}
