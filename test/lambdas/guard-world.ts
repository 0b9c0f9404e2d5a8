/** The guard's outside in memory: one account's roles, the record, and what was told. */

import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { FactoryError } from '../../core/errors.ts';
import type { GuardAnswer, GuardCommand } from '../../core/guard/command.ts';
import type { FindingSubject } from '../../core/guard/finding-event.ts';
import type { FindingChange } from '../../core/guard/findings.ts';
import type { GuardRequest } from '../../core/guard/request.ts';
import type { RoleFile } from '../../core/guard/role-file.ts';
import { type AccountId, type RoleArn, roleArn, roleId, roleName } from '../../core/ids.ts';
import { guardRole } from '../../lambdas/guard-role/handler.ts';
import type { AuditedRole, GuardPorts, GuardRecord } from '../../lambdas/guard-role/ports.ts';
import type { GuardHandlerSettings } from '../../lambdas/guard-role/settings.ts';
import type { Metric } from '../../lambdas/ports.ts';
import { MemoryControl } from '../../simulator/clouds/memory-control.ts';
import { ACCOUNT } from '../fixtures/domain.ts';
import { at, GUARD_SETTINGS, NOW, OPERATOR } from '../fixtures/guard.ts';

export const QUARANTINE = `arn:aws:iam::${ACCOUNT}:policy/oidc-factory-quarantine`;

export const HANDLER_SETTINGS: GuardHandlerSettings = {
  ...GUARD_SETTINGS,
  protectedRoles: [],
  memberRolePrefix: 'oidc-factory',
  delaySeconds: 60,
  controlSeconds: 10,
  sweepSeconds: 86_400,
  quarantineArnIn: () => QUARANTINE,
};

interface StoredRole extends AuditedRole {
  readonly attached: Set<string>;
}

/** A fault: at the nth call of a port, before it has its effect or after. */
export interface Fault {
  readonly call: number;
  readonly when: 'before' | 'after';
}

export function guardWorld() {
  const roles = new Map<string, StoredRole>();
  const files = new Map<string, RoleFile>();
  const accounts = new Map<AccountId, number | undefined>();
  const told: { subject: FindingSubject; change: FindingChange }[] = [];
  const queue: GuardRequest[] = [];
  const counts: Metric[] = [];
  const calls: string[] = [];
  const problems: unknown[] = [];
  let hour = { times: [] as readonly number[], version: 0 };
  let now = NOW;
  let ids = 0;
  let fault: Fault | undefined;
  let meanwhile: { call: string; act: () => void } | undefined;

  /** Every call of a port passes here. */
  async function called<T>(name: string, effect: () => T): Promise<T> {
    calls.push(name);
    if (meanwhile?.call === name) {
      const { act } = meanwhile;
      meanwhile = undefined;
      act();
    }
    const struck = fault?.call === calls.length ? fault.when : undefined;
    if (struck === 'before') throw new FactoryError('Unavailable', `fault before ${name}`);
    const result = effect();
    if (struck === 'after') throw new FactoryError('Unavailable', `fault after ${name}`);
    return structuredClone(result);
  }

  const found = (name: string): StoredRole | undefined => roles.get(name.toLowerCase());
  const existing = (name: string): StoredRole => {
    const role = found(name);
    if (!role) throw new FactoryError('RoleGone');
    return role;
  };

  const accountPorts: GuardPorts['accounts'] = {
    audit: async () => ({
      getRole: (name) =>
        called('GetRole', () => {
          const role = found(name);
          if (!role) return undefined;
          const { attached: _, ...view } = role;
          return view;
        }),
      attachedPolicies: (name) => called('ListAttachedRolePolicies', () => [...existing(name).attached]),
      policies: () => called('policies', () => []),
      managedPolicy: () => called('GetPolicy', () => undefined),
      clientIds: () => called('GetOpenIDConnectProvider', () => ['sts.amazonaws.com']),
      tag: (name, value) =>
        called('TagRole', () => {
          const role = existing(name);
          roles.set(name.toLowerCase(), { ...role, tags: { ...role.tags, 'oidc-factory:guard': value } });
        }),
    }),
    survey: async () => ({
      roles: (marker) =>
        called('ListRoles', () => {
          const all = [...roles.values()];
          const start = Number(marker ?? 0);
          const page = all.slice(start, start + 2);
          return { roles: page, ...(start + 2 < all.length && { marker: String(start + 2) }) };
        }),
      rolesWith: (arn) =>
        called('ListEntitiesForPolicy', () =>
          [...roles.values()].filter(({ attached }) => attached.has(arn)).map((role) => role.roleName),
        ),
    }),
    contain: async () => ({
      attach: (name) =>
        called('AttachRolePolicy', () => {
          const { attached } = existing(name);
          if (attached.size >= 10 && !attached.has(QUARANTINE)) throw new FactoryError('RoleHasNoRoom');
          attached.add(QUARANTINE);
        }),
      detach: (name) => called('DetachRolePolicy', () => void found(name)?.attached.delete(QUARANTINE)),
    }),
  };

  const key = (file: RoleFile): string => `${file.roleName.toLowerCase()}#${file.roleId}`;
  const record: GuardRecord = {
    files: (_, name) =>
      called('files', () => [...files.values()].filter((file) => file.roleName === roleName(name))),
    filesOf: () => called('filesOf', () => [...files.values()]),
    save: (next) =>
      called('save', () => {
        if ((files.get(key(next))?.version ?? 0) !== next.version - 1)
          throw new FactoryError('LedgerConflict');
        files.set(key(next), structuredClone(next));
      }),
    enrol: (account) =>
      called('enrol', () => void (accounts.has(account) || accounts.set(account, undefined))),
    accounts: () => called('accounts', () => [...accounts.keys()]),
    beginSweep: (account, before, time) =>
      called('beginSweep', () => {
        const last = accounts.get(account);
        if (last !== undefined && last >= before) return false;
        accounts.set(account, time);
        return true;
      }),
    recent: () => called('recent', () => hour),
    setRecent: (times, version) =>
      called('setRecent', () => {
        if (version !== hour.version) throw new FactoryError('LedgerConflict');
        hour = { times, version: version + 1 };
      }),
  };

  const control = new MemoryControl({ now: () => now });

  const ports: GuardPorts = {
    accounts: accountPorts,
    record,
    findings: {
      publish: (subject, changes) =>
        called('publish', () => void told.push(...changes.map((change) => ({ subject, change })))),
    },
    queue: { send: (requests) => called('send', () => void queue.push(...requests)) },
    control,
    telemetry: {
      event: () => undefined,
      problem: (_, error) => void problems.push(error),
      count: (metric) => void counts.push(metric),
      gauge: () => {},
    },
    clock: { now: () => now, sleep: async () => undefined },
  };

  return {
    ports,
    control,
    roles,
    files,
    accounts,
    told,
    queue,
    counts,
    calls,
    problems,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    now: () => now,
    hour: () => hour,
    strike: (next: Fault | undefined) => {
      calls.length = 0;
      fault = next;
    },
    /** Something that happens right before the next call of this name. */
    before: (call: string, act: () => void) => {
      meanwhile = { call, act };
    },
    role: (name: string) => existing(name),
    create: (name: string, trustPolicy: string, more: Partial<AuditedRole> = {}): StoredRole => {
      const path = more.path ?? '/';
      const role: StoredRole = {
        roleName: roleName(name),
        roleId: roleId(`AROAEXAMPLEROLE${String(++ids).padStart(5, '0')}`),
        roleArn: roleArn(`arn:aws:iam::${ACCOUNT}:role${path}${name}`),
        path,
        createdAt: new Date(now - 60_000).toISOString(),
        trustPolicy,
        tags: {},
        maxSessionSeconds: 3600,
        ...more,
        attached: new Set(),
      };
      roles.set(name.toLowerCase(), role);
      return role;
    },
    setTrust: (name: string, trustPolicy: string) => {
      roles.set(name.toLowerCase(), { ...existing(name), trustPolicy });
    },
    remove: (name: string) => roles.delete(name.toLowerCase()),
    isQuarantined: (name: string) => existing(name).attached.has(QUARANTINE),
    file: (name: string) => [...files.values()].findLast((file) => file.roleName === name),
  };
}

export type GuardWorld = ReturnType<typeof guardWorld>;

/** A message about a role, as the queue hands it over. */
export const roleEvent = (eventName: string, name: string, offset = -60_000) => ({
  source: 'aws.iam',
  'detail-type': 'AWS API Call via CloudTrail',
  account: ACCOUNT,
  detail: {
    eventSource: 'iam.amazonaws.com',
    eventName,
    eventTime: at(offset).replace('.000Z', 'Z'),
    eventType: 'AwsApiCall',
    recipientAccountId: ACCOUNT,
    userIdentity: { arn: `arn:aws:iam::${ACCOUNT}:user/jane` },
    requestParameters: { roleName: name },
  },
});

const batch = (bodies: readonly object[]): SQSEvent =>
  ({
    Records: bodies.map((body, index) => ({ messageId: `m${index}`, body: JSON.stringify(body) })),
  }) as unknown as SQSEvent;

/** The handler on a world. */
export function guardIn(world: GuardWorld, settings: Partial<GuardHandlerSettings> = {}) {
  const handle = guardRole(world.ports, { ...HANDLER_SETTINGS, ...settings });
  return {
    /** Ids of the messages that failed. */
    hear: async (...bodies: object[]): Promise<string[]> => {
      const { batchItemFailures } = (await handle(batch(bodies))) as SQSBatchResponse;
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    },
    /** Everything that the guard asks of itself, until it asks nothing more. */
    drain: async () => {
      for (let request = world.queue.shift(); request; request = world.queue.shift())
        await handle(batch([{ guard: request }]));
    },
    command: (command: GuardCommand['command'], name: string, more: Partial<GuardCommand> = {}) => {
      const arn = world.roles.get(name)?.roleArn ?? (`arn:aws:iam::${ACCOUNT}:role/${name}` as RoleArn);
      return handle({ command, roleArn: arn, by: OPERATOR, ...more }) as Promise<GuardAnswer>;
    },
  };
}

const WRITES = ['AttachRolePolicy', 'DetachRolePolicy', 'TagRole'];
/** What was written to roles, in order. */
export const writesOf = ({ calls }: GuardWorld) => calls.filter((name) => WRITES.includes(name));
/** What was told, as rule and change. */
export const kinds = ({ told }: GuardWorld) =>
  told.map(({ change }) => `${change.finding.rule} ${change.kind}`);
