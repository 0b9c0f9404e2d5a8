/** What the sweep's functions see of an estate. Each call to a service passes `pass`, lists page for page. */
import type { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { SeenApplication } from '../../core/drift/observation.ts';
import type { AccountId } from '../../core/ids.ts';
import { findingsIn, sweepRecords } from '../../lambdas/adapters/sweep-records.ts';
import type { AccountProviders, AccountRecords, Organization } from '../../lambdas/enrol-account/ports.ts';
import { isoTime } from '../../lambdas/ledger-steps.ts';
import type { Executions, MemberAccounts, Ports } from '../../lambdas/ports.ts';
import type {
  AccountLedger,
  DirectorySurvey,
  OrganizationAccounts,
  SurveyedAccounts,
  SweepExecutions,
  SweepRecords,
} from '../../lambdas/sweep-ports.ts';
import type { Estate } from '../estate.ts';
import { heartbeatCall } from '../events.ts';
import type { Takes } from '../limits.ts';
import type { Queue } from '../queue.ts';
import { IDENTITY } from '../trust-policies.ts';
import type { MemoryDirectory } from './memory-directory.ts';
import { MemoryTelemetry } from './memory-telemetry.ts';

type Item = NonNullable<PutItemCommand['input']['Item']>;

/** What a sweep calls, and what each takes of the limits; Graph's units as documented for lists, `$select` and `$expand`. */
export const OPERATIONS = {
  'Organizations ListAccounts': { organizationReads: 1 },
  'Organizations ListParents': { organizationReads: 1 },
  'STS AssumeRole': { assumeRole: 1 },
  'IAM ListRoles': { iamReads: 1 },
  'IAM GetRole': { iamReads: 1 },
  'IAM ListOpenIDConnectProviders': { iamReads: 1 },
  'IAM GetOpenIDConnectProvider': { iamReads: 1 },
  'IAM CreateOpenIDConnectProvider': { iamWrites: 1 },
  'IAM AddClientIDToOpenIDConnectProvider': { iamWrites: 1 },
  'IAM TagOpenIDConnectProvider': { iamWrites: 1 },
  'Graph GET /applications': { graphUnits: 2 },
  'Graph GET /servicePrincipals': { graphUnits: 1 },
  'Graph GET /applications/{id}': { graphUnits: 2 },
  'Graph GET /applications/{id}/federatedIdentityCredentials': { graphUnits: 1 },
  'Graph GET /servicePrincipals/{id}': { graphUnits: 1 },
  'DynamoDB BatchGetItem': {},
  'DynamoDB GetItem': {},
  'DynamoDB Query': {},
  'DynamoDB PutItem': {},
  'DynamoDB UpdateItem': {},
  'StepFunctions StartExecution': { startExecution: 1 },
  'StepFunctions ListExecutions': { describeExecution: 1 },
} as const satisfies Record<string, Takes>;
export type Operation = keyof typeof OPERATIONS;
/** Waits until the service has served it; fails with Throttled. */
export type Pass = (operation: Operation) => Promise<void>;

/** What one page of a list holds at most; DynamoDB's in bytes. */
const PAGE = { accounts: 20, roles: 200, objects: 999, query: 2 ** 20 } as const;
/** Above every account, the nearest first. */
const UNITS = ['ou-abcd-team0001', 'ou-abcd-workload', 'r-abcd'] as const;

export type SweepPorts = Omit<Ports, 'accounts' | 'directory' | 'ledger' | 'executions'> & {
  readonly organization: Organization & OrganizationAccounts;
  readonly providers: AccountProviders;
  readonly accounts: SurveyedAccounts & Pick<MemberAccounts, 'inspect'>;
  readonly directory: DirectorySurvey;
  readonly ledger: AccountLedger;
  readonly executions: Pick<Executions, 'start'> & SweepExecutions;
  readonly records: AccountRecords;
  readonly sweeps: SweepRecords;
};

/** Items that a sweep has written, as the adapter encodes them. */
export interface SweepItems {
  readonly findings: Map<AccountId, Item>;
  /** Bytes of the largest item: of its JSON, which is longer than what DynamoDB counts. */
  largest: number;
}

export interface SweepOptions {
  readonly items: SweepItems;
  /** Where the events of heartbeats arrive. */
  readonly queue: Queue;
  readonly pass: Pass;
}

export function sweepPorts(estate: Estate, { items, queue, pass }: SweepOptions): SweepPorts {
  const { world } = estate;
  return {
    clock: world.clock,
    telemetry: new MemoryTelemetry(),
    control: {
      read: async (accountId) => {
        await pass('DynamoDB BatchGetItem');
        return world.control.read(accountId);
      },
      openBreaker: world.control.openBreaker,
    },
    organization: organizationOf(estate, pass),
    providers: providersOf(estate, queue, pass),
    // No role of the estate is to be tagged: none trusts another's audience.
    accounts: { inspect: world.accounts.inspect, ...surveyOf(estate, pass) },
    directory: directoryOf(world.directory, pass),
    ledger: {
      entriesOf: async (accountId) => {
        const entries = await world.ledger.entriesOf(accountId);
        await pages(JSON.stringify(entries).length, PAGE.query, () => pass('DynamoDB Query'));
        return entries;
      },
    },
    executions: {
      start: async (workflow, name, input) => {
        await pass('StepFunctions StartExecution');
        return world.engine.start(workflow, name, input);
      },
      others: async () => {
        await pass('StepFunctions ListExecutions');
        return [];
      },
    },
    records: recordsOf(estate, pass),
    sweeps: sweepsOf(items, pass),
  };
}

async function pages(all: number, most: number, call: () => Promise<void>): Promise<void> {
  for (let from = 0; from === 0 || from < all; from += most) await call();
}

const organizationOf = ({ members }: Estate, pass: Pass): SweepPorts['organization'] => ({
  accounts: async () => {
    await pages(members.length, PAGE.accounts, () => pass('Organizations ListAccounts'));
    return members.map((accountId) => ({ accountId, state: 'ACTIVE' }));
  },
  unitsOf: async () => {
    for (const _ of UNITS) await pass('Organizations ListParents');
    return UNITS;
  },
});

function looksAt({ world: { accounts } }: Estate, accountId: AccountId, pass: Pass) {
  return {
    list: async () => {
      await pass('IAM ListOpenIDConnectProviders');
      return accounts.providersOf(accountId).map(({ providerArn }) => providerArn);
    },
    getProvider: async (arn: string) => {
      await pass('IAM GetOpenIDConnectProvider');
      return accounts.providersOf(accountId).find(({ providerArn }) => providerArn === arn);
    },
  };
}

const providersOf = (estate: Estate, queue: Queue, pass: Pass): AccountProviders => ({
  look: async (accountId) => {
    await pass('STS AssumeRole');
    return looksAt(estate, accountId, pass);
  },
  care: async (accountId, arn) => {
    const { accounts, eventOf, deliveryMs } = estate.world;
    await pass('STS AssumeRole');
    return {
      create: async (url, audiences) => {
        await pass('IAM CreateOpenIDConnectProvider');
        accounts.createProvider(accountId, url, audiences);
      },
      addAudience: async (audience) => {
        await pass('IAM AddClientIDToOpenIDConnectProvider');
        accounts.setClientIds(arn, [...accounts.clientIds(arn), audience]);
      },
      setHeartbeat: async () => {
        await pass('IAM TagOpenIDConnectProvider');
        queue.send(eventOf(heartbeatCall(accountId, arn)), deliveryMs);
      },
    };
  },
});

const surveyOf = (estate: Estate, pass: Pass): SurveyedAccounts => ({
  survey: async (accountId) => {
    const { accounts } = estate.world;
    await pass('STS AssumeRole');
    const { list, getProvider } = looksAt(estate, accountId, pass);
    return {
      roles: async () => {
        const roles = accounts.rolesOf(accountId);
        await pages(roles.length, PAGE.roles, () => pass('IAM ListRoles'));
        return roles;
      },
      getRole: async (name) => {
        await pass('IAM GetRole');
        return accounts.role(accountId, name);
      },
      providerArns: list,
      getProvider,
    };
  },
});

function directoryOf(directory: MemoryDirectory, pass: Pass): DirectorySurvey {
  type Listed = ReturnType<MemoryDirectory['applicationsOf']>[number];
  const seen = async ({ createdAt, isDeleted: _, ...application }: Listed): Promise<SeenApplication> => {
    const principal = await directory.servicePrincipal(application.appId);
    return {
      ...application,
      // The simulated directory keeps no names for people.
      displayName: application.uniqueName ?? '',
      createdAt: isoTime(createdAt),
      servicePrincipal: principal && { ...principal, assignmentRequired: false },
    };
  };
  return {
    applicationsOf: async (accountId) => {
      const listed = directory.applicationsOf(accountId);
      const list = (operation: Operation) => pages(listed.length, PAGE.objects, () => pass(operation));
      await list('Graph GET /applications');
      if (listed.length === 0) return [];
      // Once more: the federated credentials.
      await list('Graph GET /applications');
      await list('Graph GET /servicePrincipals');
      return Promise.all(listed.map(seen));
    },
    application: async (objectId) => {
      await pass('Graph GET /applications/{id}');
      const found = directory.active().find((application) => application.objectId === objectId);
      if (!found) return undefined;
      await pass('Graph GET /applications/{id}/federatedIdentityCredentials');
      await pass('Graph GET /servicePrincipals/{id}');
      return seen(found);
    },
    hasPrincipal: async (objectId) => {
      await pass('Graph GET /servicePrincipals/{id}');
      return objectId === IDENTITY || directory.activePrincipals().some(({ id }) => id === objectId);
    },
  };
}

function recordsOf({ records, world: { clock } }: Estate, pass: Pass): AccountRecords {
  const update = async (accountId: AccountId, change: object) => {
    await pass('DynamoDB UpdateItem');
    const before = records.get(accountId) ?? { enrolledAt: isoTime(clock.now()) };
    records.set(accountId, { ...before, ...change } as never);
  };
  return {
    accountIds: async () => {
      const ids = [...records.keys()];
      await pages(JSON.stringify([...records.values()]).length, PAGE.query, () => pass('DynamoDB Query'));
      return ids;
    },
    read: async (accountId) => {
      await pass('DynamoDB GetItem');
      return records.get(accountId);
    },
    swept: (accountId, _now, changesTold) => update(accountId, { changesTold }),
    enrolled: ({ accountId, providerArn, notes, placeholders, providerReverts }) =>
      update(accountId, { providerArn, notes, placeholders, ...(providerReverts && { providerReverts }) }),
    heartbeatSeen: (accountId, heartbeatSeenAt) => update(accountId, { heartbeatSeenAt }),
  };
}

function sweepsOf(items: SweepItems, pass: Pass): SweepRecords {
  let written: Item = {};
  const client = {
    send: async ({ input }: PutItemCommand) => {
      await pass('DynamoDB PutItem');
      written = input.Item ?? {};
      items.largest = Math.max(items.largest, Buffer.byteLength(JSON.stringify(written)));
      return {};
    },
  };
  // Of DynamoDB's client it uses nothing else to write.
  const adapter = sweepRecords({ table: 'ledger', client: client as unknown as DynamoDBClient });
  return {
    report: adapter.report,
    // Nobody reads it here.
    accessSeen: adapter.accessSeen,
    found: async (sweepId, findings, now) => {
      await adapter.found(sweepId, findings, now);
      items.findings.set(findings.accountId, written);
    },
    findingsOf: async () => {
      const found = [...items.findings.values()];
      await pages(JSON.stringify(found).length, PAGE.query, () => pass('DynamoDB Query'));
      return found.map(findingsIn);
    },
  };
}
