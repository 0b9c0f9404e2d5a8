/** Every environment variable of the functions: its form, and what becomes of it. */
import type { Caps, ModeSettings } from '../core/control.ts';
import { PROVIDER_OWNERS, type ProviderOwner } from '../core/enrolment.ts';
import { FactoryError } from '../core/errors.ts';
import type { AllowedWorkloads } from '../core/federated-credentials.ts';
import * as ids from '../core/ids.ts';
import {
  CLOUDS,
  type EntraCloud,
  entraIssuer,
  type Partition,
  partitionOfRegion,
  type TokenVersion,
} from '../core/issuer.ts';
import { type FactorySettings, MODES, type Mode } from '../core/settings.ts';
import type { Workflow } from './ports.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What handlers decide by. Durations in seconds, not always whole ones. */
export interface HandlerSettings extends FactorySettings, ControlSettings {
  readonly caps: Caps;
  /** What the caps count by. */
  readonly hourSeconds: number;
  /** How long the breaker of the directory stays open. */
  readonly directoryFullSeconds: number;
  /** How old an event must be before a contradicting answer of IAM counts as the truth. */
  readonly settleSeconds: number;
  /** Between two looks that must both find no role. */
  readonly lookAgainSeconds: number;
  /** Longer than any function runs: what a removal waits so that no former owner is still writing. */
  readonly writersSeconds: number;
  /** How long the directory may take to show what was created. */
  readonly replicationSeconds: number;
  /** Between two looks at the directory that must both find nothing before a step believes it. */
  readonly secondLookSeconds: number;
  /** How long a claim of a ledger entry holds without renewal. */
  readonly leaseSeconds: number;
}

/** What the switch goes by, beside the control document. */
export interface ControlSettings extends ModeSettings {
  /** How long what was read of control counts. */
  readonly controlSeconds: number;
}

export interface EntraSettings {
  readonly tenantId: ids.TenantId;
  readonly clientId: ids.AppId;
  /** `https://login.microsoftonline.com`, without a trailing slash. */
  readonly authorityHost: string;
  readonly graphEndpoint: string;
  readonly ownerId: ids.ServicePrincipalId;
  /** How long one call to Graph is tried again within a function. */
  readonly patienceSeconds: number;
  readonly login:
    | { readonly kind: 'federated'; readonly audience: string; readonly region: string }
    | { readonly kind: 'secret'; readonly secretArn: string };
}

/** The form of one variable. `parse` answers undefined for a value that does not have it. */
interface Form<T> {
  readonly expected: string;
  parse(value: string | undefined, env: Environment): T | undefined;
}
type Forms = Readonly<Record<string, Form<unknown>>>;
type Values<F extends Forms> = { readonly [N in keyof F]: F[N] extends Form<infer T> ? T : never };

/** Variables that belong together, and what is made of them. */
export interface Section<T> {
  problems(env: Environment): string[];
  build(env: Environment): T;
}

export function section<F extends Forms, T>(forms: F, build: (values: Values<F>) => T): Section<T> {
  const entries = Object.entries(forms);
  return {
    problems: (env) =>
      entries
        .filter(([name, form]) => form.parse(env[name], env) === undefined)
        .map(([name, { expected }]) => `${name}: expected ${expected}${env[name] ? '' : ', is not set'}`),
    build: (env) =>
      build(
        Object.fromEntries(entries.map(([name, form]) => [name, form.parse(env[name], env)])) as Values<F>,
      ),
  };
}

type Sections = Readonly<Record<string, Section<unknown>>>;

/** Reads several sections; fails with one InvalidSettings that names every bad variable of all of them. */
export function readSections<S extends Sections>(
  env: Environment,
  sections: S,
): { readonly [K in keyof S]: S[K] extends Section<infer T> ? T : never } {
  const problems = new Set(Object.values(sections).flatMap(({ problems }) => problems(env)));
  if (problems.size > 0) throw new FactoryError('InvalidSettings', [...problems].join('; '));
  return Object.fromEntries(Object.entries(sections).map(([name, { build }]) => [name, build(env)])) as never;
}

/** Settings of the handlers alone. Fails with InvalidSettings, naming every bad variable at once. */
export const readSettings = (env: Environment): HandlerSettings =>
  readSections(env, { settings: handlerSection }).settings;

export const matching = (pattern: RegExp, expected: string): Form<string> => ({
  expected,
  parse: (value) => (value !== undefined && pattern.test(value) ? value : undefined),
});

export const oneOf = <T extends string>(...values: readonly T[]): Form<T> => ({
  expected: `one of ${values.join(', ')}`,
  parse: (value) => values.find((candidate) => candidate === value),
});

/** A form of core/ids.ts. */
export const id = <T>(check: (value: unknown) => T, expected: string): Form<T> => ({
  expected,
  parse: (value) => attempt(() => check(value)),
});

export const listOf = <T>(check: (value: unknown) => T, expected: string): Form<readonly T[]> => ({
  expected,
  parse: (value) =>
    attempt(() => {
      const list: unknown = JSON.parse(value ?? '');
      return Array.isArray(list) ? list.map(check) : undefined;
    }),
});

/** Far beyond every duration of the product, and small enough for any date that is counted from it. */
const DAY = 86_400;

const notEmpty = <T>({ expected, parse }: Form<readonly T[]>): Form<readonly T[]> => ({
  expected: `${expected}, at least one`,
  parse: (value, env) => {
    const list = parse(value, env);
    return list?.length ? list : undefined;
  },
});

export const seconds: Form<number> = {
  expected: `a positive number of seconds, at most ${DAY}`,
  parse: (value) => {
    const number = value && /^\d+(\.\d+)?$/.test(value) ? Number(value) : 0;
    return number > 0 && number <= DAY ? number : undefined;
  },
};

/** Paths are added to it. URL itself would accept blanks around it, and drop what is not its origin's. */
const httpsOrigin: Form<string> = {
  expected: 'an https URL of nothing but a host, maybe with a port',
  parse: (value) =>
    attempt(() => {
      const { origin, protocol } = new URL(value ?? '');
      return protocol === 'https:' && (value === origin || value === `${origin}/`) ? origin : undefined;
    }),
};

export const region = matching(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'an AWS region');

/** Variables are checked by trying: whatever is thrown, the value does not have the form. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

export function namePattern(value: unknown): string {
  if (typeof value === 'string' && /^[\w+=,.@*-]{1,64}$/.test(value)) return value;
  throw new FactoryError('InvalidInput', 'Expected a role name pattern');
}

function allowedWorkloads(value: unknown): AllowedWorkloads {
  const { issuer, subjects } = value as Partial<Record<keyof AllowedWorkloads, unknown>>;
  if (typeof issuer === 'string' && Array.isArray(subjects)) {
    return { issuer, subjects: subjects.map(subjectPrefix) };
  }
  throw new FactoryError('InvalidInput', 'Expected an issuer and prefixes of subjects');
}

/** An empty one would allow every subject. */
function subjectPrefix(value: unknown): string {
  if (typeof value === 'string' && value.length >= 3) return value;
  throw new FactoryError('InvalidInput', 'Expected the prefix of a subject');
}

const mode = oneOf<Mode>(...MODES);

const modes: Form<Readonly<Record<string, Mode>>> = {
  expected: 'a JSON object of modes',
  parse: (value, env) =>
    attempt(() => {
      const given = JSON.parse(value ?? '') as Record<string, Mode>;
      return Object.values(given).every((each) => mode.parse(each, env)) ? given : undefined;
    }),
};

const CAPS = ['rolesPerAccount', 'creationsPerHour', 'removalsPerHour'] as const satisfies (keyof Caps)[];

const caps: Form<Caps> = {
  expected: `a JSON object of ${CAPS.join(', ')}, each at least 1`,
  parse: (value) =>
    attempt(() => {
      const given = JSON.parse(value ?? '') as Caps;
      return CAPS.every((name) => Number.isInteger(given[name]) && given[name] >= 1) ? given : undefined;
    }),
};

const GUID = 'a GUID';

export const handlerSection: Section<HandlerSettings> = section(
  {
    ENTRA_TENANT_ID: id(ids.tenantId, GUID),
    ENTRA_CLOUD: oneOf<EntraCloud>('public', 'usgov', 'china'),
    ENTRA_TOKEN_VERSION: oneOf('1', '2'),
    ENTRA_FACTORY_APP_ID: id(ids.appId, GUID),
    ENTRA_FACTORY_SERVICE_PRINCIPAL_ID: id(ids.servicePrincipalId, GUID),
    PLACEHOLDERS: notEmpty(listOf(ids.audience, 'a JSON list of audiences')),
    PROTECTED_ROLES: listOf(namePattern, 'a JSON list of role names, * for any run of characters'),
    MEMBER_ROLE_PREFIX: matching(/^[\w+=,.@-]{1,54}$/, 'the prefix of the member roles'),
    FEDERATED_CREDENTIALS: listOf(allowedWorkloads, 'a JSON list of issuers with the prefixes of subjects'),
    DELETION: oneOf('soft', 'purge'),
    MODE: mode,
    MODES: modes,
    CAPS: caps,
    CONTROL_SECONDS: seconds,
    HOUR_SECONDS: seconds,
    DIRECTORY_FULL_SECONDS: seconds,
    SETTLE_SECONDS: seconds,
    LOOK_AGAIN_SECONDS: seconds,
    WRITERS_SECONDS: seconds,
    REPLICATION_SECONDS: seconds,
    SECOND_LOOK_SECONDS: seconds,
    LEASE_SECONDS: seconds,
  },
  (env) => ({
    issuer: entraIssuer({
      cloud: env.ENTRA_CLOUD,
      tenantId: env.ENTRA_TENANT_ID,
      tokenVersion: Number(env.ENTRA_TOKEN_VERSION) as TokenVersion,
    }),
    placeholders: env.PLACEHOLDERS,
    protectedRoles: env.PROTECTED_ROLES,
    memberRolePrefix: env.MEMBER_ROLE_PREFIX,
    factoryAppId: env.ENTRA_FACTORY_APP_ID,
    factoryServicePrincipalId: env.ENTRA_FACTORY_SERVICE_PRINCIPAL_ID,
    federatedCredentials: env.FEDERATED_CREDENTIALS,
    deletion: env.DELETION,
    mode: env.MODE,
    modes: env.MODES,
    caps: env.CAPS,
    controlSeconds: env.CONTROL_SECONDS,
    hourSeconds: env.HOUR_SECONDS,
    directoryFullSeconds: env.DIRECTORY_FULL_SECONDS,
    settleSeconds: env.SETTLE_SECONDS,
    lookAgainSeconds: env.LOOK_AGAIN_SECONDS,
    writersSeconds: env.WRITERS_SECONDS,
    replicationSeconds: env.REPLICATION_SECONDS,
    secondLookSeconds: env.SECOND_LOOK_SECONDS,
    leaseSeconds: env.LEASE_SECONDS,
  }),
);

/** What the switch goes by alone. */
export const controlSection: Section<ControlSettings> = section(
  { MODE: mode, MODES: modes, CONTROL_SECONDS: seconds },
  (env) => ({ mode: env.MODE, modes: env.MODES, controlSeconds: env.CONTROL_SECONDS }),
);

/** What a mistake can do at most. */
export const capsSection: Section<Caps> = section({ CAPS: caps }, (env) => env.CAPS);

export const cloudSection: Section<EntraCloud> = section(
  { ENTRA_CLOUD: oneOf<EntraCloud>('public', 'usgov', 'china') },
  (env) => env.ENTRA_CLOUD,
);

export const ledgerSection: Section<{ readonly table: string }> = section(
  { LEDGER_TABLE: matching(/^[\w.-]{3,255}$/, 'the name of a DynamoDB table') },
  (env) => ({ table: env.LEDGER_TABLE }),
);

const stateMachine = matching(
  /^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[\w-]+$/,
  'the ARN of a state machine',
);

export const workflowSection: Section<{ readonly stateMachineArns: Readonly<Record<Workflow, string>> }> =
  section(
    {
      CREATE_ROLE_STATE_MACHINE_ARN: stateMachine,
      DELETE_ROLE_STATE_MACHINE_ARN: stateMachine,
      ENROL_ACCOUNT_STATE_MACHINE_ARN: stateMachine,
    },
    (env) => ({
      stateMachineArns: {
        'create-role': env.CREATE_ROLE_STATE_MACHINE_ARN,
        'delete-role': env.DELETE_ROLE_STATE_MACHINE_ARN,
        'enrol-account': env.ENROL_ACCOUNT_STATE_MACHINE_ARN,
      },
    }),
  );

export const enrolmentSection: Section<{ readonly owner: ProviderOwner }> = section(
  { PROVIDER: oneOf(...PROVIDER_OWNERS) },
  (env) => ({ owner: env.PROVIDER }),
);

/** The member accounts: their roles' prefix and the partition, which Lambda's own region tells. */
export const memberSection: Section<{ readonly memberRolePrefix: string; readonly partition: Partition }> =
  section(
    {
      MEMBER_ROLE_PREFIX: matching(/^[\w+=,.@-]{1,54}$/, 'the prefix of the member roles'),
      AWS_REGION: region,
    },
    (env) => ({
      memberRolePrefix: env.MEMBER_ROLE_PREFIX,
      partition: partitionOfRegion(env.AWS_REGION),
    }),
  );

export const entraSection: Section<EntraSettings> = section(
  {
    ENTRA_TENANT_ID: id(ids.tenantId, GUID),
    ENTRA_CLOUD: oneOf<EntraCloud>('public', 'usgov', 'china'),
    ENTRA_FACTORY_APP_ID: id(ids.appId, GUID),
    ENTRA_FACTORY_SERVICE_PRINCIPAL_ID: id(ids.servicePrincipalId, GUID),
    AZURE_AUTHORITY_HOST: httpsOrigin,
    GRAPH_ENDPOINT: httpsOrigin,
    GRAPH_PATIENCE_SECONDS: seconds,
    AWS_REGION: region,
    ENTRA_LOGIN: oneOf('federated', 'secret'),
    ENTRA_SECRET_ARN: {
      expected: 'the ARN of a Secrets Manager secret where ENTRA_LOGIN is secret',
      parse: (value, env) => {
        if (env.ENTRA_LOGIN !== 'secret') return '';
        return value && /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+$/.test(value)
          ? value
          : undefined;
      },
    } satisfies Form<string>,
  },
  (env) => ({
    tenantId: env.ENTRA_TENANT_ID,
    clientId: env.ENTRA_FACTORY_APP_ID,
    authorityHost: env.AZURE_AUTHORITY_HOST,
    graphEndpoint: env.GRAPH_ENDPOINT,
    ownerId: env.ENTRA_FACTORY_SERVICE_PRINCIPAL_ID,
    patienceSeconds: env.GRAPH_PATIENCE_SECONDS,
    login:
      env.ENTRA_LOGIN === 'secret'
        ? { kind: 'secret', secretArn: env.ENTRA_SECRET_ARN }
        : {
            kind: 'federated',
            audience: CLOUDS[env.ENTRA_CLOUD].federatedCredentialAudience,
            region: env.AWS_REGION,
          },
  }),
);
