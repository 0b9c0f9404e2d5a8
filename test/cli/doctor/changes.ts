/** Ways in which what the checks read differs from what is healthy. */
import type { SeenAccount } from '../../../cli/doctor/reads.ts';
import type { FaultCode } from '../../../core/doctor/verdict.ts';
import { ENTRY, policy, statement } from '../../fixtures/domain.ts';
import { type AllReads, healthy, memberRole, SERVED } from './healthy.ts';

export type Change = { readonly [Part in keyof AllReads]?: Partial<AllReads[Part]> };

/** Check, what is wrong, the reads that show it, and the code. */
export type Failing = readonly [id: string, what: string, change: Change, code: FaultCode];

export const changed = (change: Change): AllReads => {
  const { member, factory, tenant } = healthy();
  return {
    member: { ...member, ...change.member },
    factory: { ...factory, ...change.factory },
    tenant: { ...tenant, ...change.tenant },
  };
};

export const role = (change: Partial<typeof SERVED>): Change => ({
  member: { role: async (name) => (name === SERVED.roleName ? { ...SERVED, ...change } : memberRole(name)) },
});

export const trust = (trustPolicy: string): Change => role({ trustPolicy });

/** What the ledger holds for the role's name; undefined: nothing. */
export const entries = (change: Partial<typeof ENTRY> | undefined): Change => ({
  factory: { incarnations: async () => (change ? [{ ...ENTRY, ...change }] : []) },
});

/** What the factory knows of the member account. */
export const account = (change: Partial<SeenAccount>): Change => ({
  factory: {
    account: async (table, accountId) => {
      const known = await healthy().factory.account(table, accountId);
      return known && { ...known, ...change };
    },
  },
});

export const provider = (clientIds: readonly string[]): Change => ({
  member: { provider: async (providerArn) => ({ providerArn, url: 'not looked at', clientIds }) },
});

export const unserved: Change = {
  ...role({ trustPolicy: policy(statement()), tags: {} }),
  ...entries(undefined),
};

/** A role of a service. */
export const NOT_OURS: Change = {
  ...role({
    trustPolicy: policy({
      Effect: 'Allow',
      Principal: { Service: 'ec2.amazonaws.com' },
      Action: 'sts:AssumeRole',
    }),
    tags: {},
  }),
  ...entries(undefined),
};
