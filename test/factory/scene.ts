/** What the tests of failures and recovery do to a role, and how they follow it. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { beforeAll, expect } from 'vitest';
import type { ErrorCode } from '../../core/errors.ts';
import { ERRORS } from '../../core/errors.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { entryOf } from '../../lambdas/adapters/ledger-items.ts';
import type { MemberClient } from '../../sandbox/clients.ts';
import type { Fault } from '../../sandbox/recorder.ts';
import { configureAll } from './functions.ts';
import { createRole, placeholderOf, trustOn, useFactory } from './harness.ts';
import { expectInvariants } from './invariants.ts';
import { Trail } from './trail.ts';
import { watch } from './watch.ts';

export interface Failure {
  readonly code: ErrorCode;
  /** The step that fails. */
  readonly step: string;
  readonly phase?: 'failed' | 'unreachable';
  /** False where nothing can be written on the role. @default true */
  readonly isTagged?: boolean;
}

export type Scene = ReturnType<typeof useScene>;

/**
 * Clouds that settle sooner than the factory has to assume: what a test waits out only because of that is a third.
 * In seconds; what waits for something else stays as it is deployed.
 */
const SETTLING = { SETTLE_SECONDS: '100', REPLICATION_SECONDS: '150' };

/** What these tests make in one account is more than the caps of a config without extras let through. */
const ROOM = { CAPS: JSON.stringify({ rolesPerAccount: 99, creationsPerHour: 1000, removalsPerHour: 1000 }) };

/** A factory with its events in the test's hands. */
export function useScene(members: number) {
  const trail = new Trail();
  const factory = useFactory({ members, onCloudTrailRecord: trail.receive });
  beforeAll(() => configureAll(factory(), { ...SETTLING, ...ROOM }));
  let watching: ReturnType<typeof watch> | undefined;
  const watched = () => (watching ??= watch(factory()));

  const create = (member: MemberClient, roleName: string, audience = placeholderOf(factory())) =>
    createRole(member, roleName, trustOn(member, { aud: audience }));

  const entry = async (member: MemberClient, roleName: string): Promise<LedgerEntry> => {
    const [item, ...more] = await factory().ledgerEntries(member.accountId, roleName);
    if (!item || more.length > 0) throw new Error(`${roleName} has ${more.length} more entries, or none`);
    return entryOf(item);
  };

  return {
    trail,
    factory,
    watched,
    create,
    entry,
    member: (index: number): MemberClient => {
      const member = factory().members[index];
      if (!member) throw new Error(`There is no member account ${index}`);
      return member;
    },
    remove: ({ iam }: MemberClient, RoleName: string) => iam.send(new DeleteRoleCommand({ RoleName })),
    /** Events and roles carry whole seconds: what follows is later than all before, for everyone to see. */
    nextSecond: () => delay(1000 - (Date.now() % 1000)),
    invariants: () => expectInvariants(factory(), trail, watched()),

    /** Breaks calls on purpose; `struck` resolves when all that was asked for has happened. */
    strike: (fault: Fault) => {
      const { recorder } = factory().sandbox;
      recorder.inject(fault);
      return {
        struck: () =>
          watched().until(async () => ({
            ...(!recorder.faults().includes(fault) && { found: true }),
            instead: fault,
          })),
      };
    },

    /** The run has failed as told: its execution, the ledger and the role say so, and the role's trust is untouched. */
    failed: async (
      member: MemberClient,
      roleName: string,
      { code, step, phase = 'failed', isTagged = true }: Failure,
    ) => {
      const [execution] = await watched().ended(member, roleName, { create: 1 });
      expect(execution).toMatchObject({ status: 'FAILED', error: code, cause: step });
      expect(await entry(member, roleName)).toMatchObject({ phase, error: { code, step } });
      const { tags } = await member.role(roleName);
      const told = { status: tags['oidc-factory:status'], detail: tags['oidc-factory:detail'] };
      if (isTagged) expect(told).toEqual({ status: 'failed', detail: `${code}: ${ERRORS[code].remedy}` });
      else expect(told.status).not.toBe('failed');
    },

    /** The same event arrives once more, and the role is served by a further run. */
    mended: async (member: MemberClient, roleName: string) => {
      trail.deliver(trail.of('CreateRole', roleName)[0]);
      const executions = await watched().ended(member, roleName, { create: 2 });
      expect(executions.at(-1)).toMatchObject({ status: 'SUCCEEDED', name: `${executions[0]?.name}-r1` });
      const served = await entry(member, roleName);
      expect(served).toMatchObject({ phase: 'ready' });
      expect(served.error).toBeUndefined();
    },

    /** The role has been served by the first run. */
    ready: async (member: MemberClient, roleName: string): Promise<void> => {
      const [{ status, error, cause } = {}] = await watched().ended(member, roleName, { create: 1 });
      expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED' });
      expect(await entry(member, roleName)).toMatchObject({ phase: 'ready', generation: 1 });
    },

    removed: (member: MemberClient, roleName: string) =>
      watched().entries(member, roleName, (entries) => entries.every(({ phase }) => phase === 'removed')),
  };
}
