/** The variables of the guard's function, beside those of sections that others share. */
import { GUARD_MODES, type GuardSettings } from '../../core/guard/settings.ts';
import { type AccountId, tenantId } from '../../core/ids.ts';
import { CLOUDS, type EntraCloud, entraIssuer, partitionOfRegion } from '../../core/issuer.ts';
import { quarantinePolicyArn } from '../../core/naming.ts';
import type { FactorySettings } from '../../core/settings.ts';
import { id, listOf, matching, namePattern, oneOf, region, type Section, section } from '../settings.ts';

export interface GuardHandlerSettings
  extends GuardSettings,
    Pick<FactorySettings, 'protectedRoles' | 'memberRolePrefix'> {
  /** How long what was read of control counts. */
  readonly controlSeconds: number;
  /** How long an event waits in the queue before its role is looked at. */
  readonly delaySeconds: number;
  /** Between two sweeps of an account. */
  readonly sweepSeconds: number;
  quarantineArnIn(accountId: AccountId): string;
}

/** Far beyond every duration of the guard, and small enough for any date that is counted from it. */
const YEAR = 366 * 86_400;

const seconds = {
  expected: `a number of seconds, at most ${YEAR}`,
  parse: (value: string | undefined) =>
    value && /^\d+(\.\d+)?$/.test(value) && Number(value) <= YEAR ? Number(value) : undefined,
};
const count = {
  expected: 'a number from 1 to 100',
  parse: (value: string | undefined) =>
    value && /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= 100
      ? Number(value)
      : undefined,
};
const issuerList = {
  expected: 'null or a JSON list of issuers',
  parse: (value: string | undefined, env: Parameters<typeof texts.parse>[1]) =>
    value === 'null' ? null : texts.parse(value, env),
};
const texts = listOf((value) => {
  if (typeof value === 'string') return value;
  throw new Error('not a text');
}, 'a JSON list of texts');

export const guardSection: Section<GuardHandlerSettings> = section(
  {
    GUARD_MODE: oneOf(...GUARD_MODES),
    GUARD_ISSUERS: issuerList,
    QUARANTINES_PER_HOUR: count,
    GRACE_SECONDS: seconds,
    NEW_ROLE_SECONDS: seconds,
    IN_USE_SECONDS: seconds,
    SETTLE_SECONDS: seconds,
    DELAY_SECONDS: seconds,
    CONTROL_SECONDS: seconds,
    SWEEP_SECONDS: seconds,
    ENTRA_TENANT_ID: id(tenantId, 'a GUID'),
    ENTRA_CLOUD: oneOf<EntraCloud>(...(Object.keys(CLOUDS) as EntraCloud[])),
    PROTECTED_ROLES: listOf(namePattern, 'a JSON list of role names, * for any run of characters'),
    MEMBER_ROLE_PREFIX: matching(/^[\w+=,.@-]{1,54}$/, 'the prefix of the member roles'),
    AWS_REGION: region,
  },
  (env) => {
    const tenant = { cloud: env.ENTRA_CLOUD, tenantId: env.ENTRA_TENANT_ID };
    // What the factory itself serves is allowed, whichever tokens it asks for.
    const own = ([1, 2] as const).map((tokenVersion) => entraIssuer({ ...tenant, tokenVersion }).url);
    return {
      mode: env.GUARD_MODE,
      issuers: env.GUARD_ISSUERS === null ? undefined : [...env.GUARD_ISSUERS, ...own],
      quarantinesPerHour: env.QUARANTINES_PER_HOUR,
      graceSeconds: env.GRACE_SECONDS,
      newRoleSeconds: env.NEW_ROLE_SECONDS,
      inUseSeconds: env.IN_USE_SECONDS,
      settleSeconds: env.SETTLE_SECONDS,
      delaySeconds: env.DELAY_SECONDS,
      controlSeconds: env.CONTROL_SECONDS,
      sweepSeconds: env.SWEEP_SECONDS,
      protectedRoles: env.PROTECTED_ROLES,
      memberRolePrefix: env.MEMBER_ROLE_PREFIX,
      quarantineArnIn: (accountId) =>
        quarantinePolicyArn(partitionOfRegion(env.AWS_REGION), accountId, env.MEMBER_ROLE_PREFIX),
    };
  },
);

export const guardStoreSection: Section<{
  readonly table: string;
  readonly queueUrl: string;
  readonly busName: string;
}> = section(
  {
    GUARD_TABLE: matching(/^[\w.-]{3,255}$/, 'the name of a DynamoDB table'),
    GUARD_QUEUE_URL: matching(/^https?:\/\/\S{1,500}$/, 'the URL of a queue'),
    FINDING_BUS: matching(/^[\w./-]{1,256}$/, 'the name of an event bus'),
  },
  (env) => ({ table: env.GUARD_TABLE, queueUrl: env.GUARD_QUEUE_URL, busName: env.FINDING_BUS }),
);
