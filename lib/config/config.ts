import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { appId, audience, servicePrincipalId, tenantId } from '../../core/ids.ts';
import { CLOUDS, entraIssuer } from '../../core/issuer.ts';
import { readJson } from '../../core/policy/json.ts';
import type { FactorySettings } from '../../core/settings.ts';
import { GuardConfigSchema } from './guard.ts';
import {
  account,
  CapsSchema,
  EncryptionSchema,
  FederatedCredentialsSchema,
  ModeSchema,
  ModesSchema,
  NotificationsSchema,
  ProviderSchema,
  RolloutSchema,
  SweepSchema,
} from './operations.ts';
import { refusalsOf } from './refusals.ts';

const guid = z.guid('expected a GUID such as 11111111-2222-4333-8444-555555555555');
/** All of them are in the environment of every function, which has 4 KB for everything. */
const MAX_LISTS = 2000;

/** The one file that says what the factory is for: whose organization, which tenant, which names. */
export const FactoryConfigSchema = z
  .strictObject({
    $schema: z.string().optional().describe('The JSON Schema of this file, for editors.'),
    prefix: z
      .string()
      .regex(/^[a-z][a-z0-9-]{2,29}$/, 'expected 3 to 30 of a-z, 0-9 and -, beginning with a letter')
      .default('oidc-factory')
      .describe(
        'Begins every name that must be fixed: bus, state machines, function roles, member roles. Default oidc-factory.',
      ),
    organizationId: z
      .string()
      .regex(/^o-[a-z0-9]{10,32}$/, 'expected an organization id such as o-a1b2c3d4e5')
      .describe('Only accounts of this organization may send events to the factory.'),
    factory: z
      .strictObject({
        accountId: account.describe('A member account of the organization, for the factory alone.'),
        region: z
          .string()
          .regex(/^[a-z]{2}(-[a-z]{1,16}){1,3}-\d$/, 'expected an AWS region such as eu-central-1')
          .describe('Its partition is also that of the member accounts.'),
      })
      .describe('Where the bus, the functions, the workflows and the ledger live.'),
    entra: z
      .strictObject({
        // As Entra writes it: the forwarding rule compares text, and placeholders compare exactly.
        tenantId: guid.toLowerCase().describe('The tenant whose tokens roles trust.'),
        cloud: z.enum(['public', 'usgov', 'china']).default('public').describe('Default public.'),
        tokenVersion: z
          .union([z.literal(1), z.literal(2)])
          .default(1)
          .describe(
            'Version of the access tokens, hence the issuer: 1 is https://sts.windows.net/<tenant>/, 2 is …/v2.0, where AWS compares the azp claim. Default 1.',
          ),
        factoryAppId: guid.describe('Client id of the application that the factory logs in as.'),
        factoryServicePrincipalId: guid.describe(
          'Object id of its service principal (not of the application): the owner of everything the factory makes.',
        ),
        login: z
          .discriminatedUnion('kind', [
            z.strictObject({ kind: z.literal('federated') }),
            z.strictObject({
              kind: z.literal('secret'),
              secretArn: z
                .string()
                .regex(
                  /^arn:aws[a-z-]{0,16}:secretsmanager:[a-z0-9-]{1,32}:\d{12}:secret:[A-Za-z0-9/_+=.@-]{1,519}$/,
                  'expected the full ARN of a Secrets Manager secret',
                ),
            }),
          ])
          .default({ kind: 'federated' })
          .describe(
            'federated: a token that AWS signs for the function, no stored secret (default). secret: a client secret in Secrets Manager.',
          ),
      })
      .describe('The Entra tenant, and how the factory logs in to it.'),
    placeholders: z
      .array(z.string().regex(/^[\u0021-\u007e]{1,255}$/, 'expected 1 to 255 printable characters'))
      .nonempty('expected at least one placeholder')
      // They take places on the provider's list, which has 100.
      .max(20, 'expected at most 20 placeholders')
      .optional()
      .describe(
        'Audiences that ask the factory to serve a role, compared exactly. Default api://<tenantId>/oidc-factory-placeholder, which an application with a disabled service principal must reserve, so that no token can carry it.',
      ),
    dangerouslyAllowClaimablePlaceholders: z
      .boolean()
      .default(false)
      .describe(
        'Accepts placeholders that a token can carry: until the factory has served it, a role on one of them is open to whoever gets such a token. Default false.',
      ),
    protectedRoles: z
      .array(z.string().regex(/^[\w+=,.@*-]{1,64}$/, 'expected a role name, * for any run of characters'))
      // Each stands twice in a member role's policy, which has 10,240 characters.
      .max(40, 'expected at most 40 role names')
      .default([])
      .describe('Role names that the factory never touches, beside the built-in ones. Default none.'),
    mode: ModeSchema,
    modes: ModesSchema,
    caps: CapsSchema,
    provider: ProviderSchema,
    federatedCredentials: FederatedCredentialsSchema,
    deletion: z
      .enum(['soft', 'purge'])
      .default('soft')
      .describe(
        'soft: deleted applications can be restored for 30 days and count against the directory quota. purge: gone at once. Default soft.',
      ),
    sweep: SweepSchema,
    notifications: NotificationsSchema,
    encryption: EncryptionSchema,
    rollout: RolloutSchema.optional(),
    guard: GuardConfigSchema.optional(),
  })
  .refine(
    ({ placeholders = [], protectedRoles, modes, federatedCredentials = [] }) =>
      JSON.stringify([placeholders, protectedRoles, modes, federatedCredentials]).length <= MAX_LISTS,
    `expected at most ${MAX_LISTS} characters in placeholders, protectedRoles, modes and federatedCredentials together`,
  )
  .transform((config) => ({
    ...config,
    placeholders: config.placeholders ?? [`api://${config.entra.tenantId}/oidc-factory-placeholder`],
  }))
  .superRefine((config, context) => {
    for (const { path, message } of refusalsOf(config)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  });

export type FactoryConfigInput = z.input<typeof FactoryConfigSchema>;
export type FactoryConfig = z.output<typeof FactoryConfigSchema>;

/** Names every wrong field of a config at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(source: string, problems: readonly string[]) {
    super(
      `${source} is not a valid configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** The validated config with its defaults. Throws {@link ConfigError}; `source` is how the message calls the input. */
export function parseConfig(input: unknown, source: string): FactoryConfig {
  const result = FactoryConfigSchema.safeParse(input);
  if (result.success) return result.data;
  throw new ConfigError(source, result.error.issues.flatMap(describe));
}

function describe(issue: z.core.$ZodIssue): string[] {
  const at = (path: readonly PropertyKey[]) =>
    path.length === 0 ? '(top level)' : path.map((key) => shown(String(key))).join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${at([...issue.path, key])}: unknown field`);
  const missing = /expected (\w+), received undefined$/.exec(issue.message);
  return [
    `${at(issue.path)}: ${missing ? `missing, expected a value of type ${missing[1]}` : issue.message}`,
  ];
}

/** Names are quoted where they would not be seen, or would break the line. */
const shown = (name: string): string => {
  const short = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return /^[\w$-]+…?$/.test(short) ? short : JSON.stringify(short);
};

/** What core decides by, of a config. */
export const settingsOf = ({
  entra,
  placeholders,
  protectedRoles,
  prefix,
  federatedCredentials = [],
  deletion,
}: FactoryConfig): FactorySettings => ({
  issuer: entraIssuer({
    cloud: entra.cloud,
    tenantId: tenantId(entra.tenantId),
    tokenVersion: entra.tokenVersion,
  }),
  placeholders: placeholders.map(audience),
  protectedRoles,
  memberRolePrefix: prefix,
  factoryAppId: appId(entra.factoryAppId),
  factoryServicePrincipalId: servicePrincipalId(entra.factoryServicePrincipalId),
  federatedCredentials,
  deletion,
});

/** What the functions are told of a config, by their environment. */
export function functionVariables(config: FactoryConfig): Readonly<Record<string, string>> {
  const { entra, placeholders, protectedRoles, prefix, deletion, mode, modes, caps } = config;
  const { authorityHost, graphEndpoint } = CLOUDS[entra.cloud];
  return {
    MEMBER_ROLE_PREFIX: prefix,
    ENTRA_TENANT_ID: entra.tenantId,
    ENTRA_CLOUD: entra.cloud,
    ENTRA_TOKEN_VERSION: String(entra.tokenVersion),
    ENTRA_FACTORY_APP_ID: entra.factoryAppId,
    ENTRA_FACTORY_SERVICE_PRINCIPAL_ID: entra.factoryServicePrincipalId,
    ENTRA_LOGIN: entra.login.kind,
    ...(entra.login.kind === 'secret' && { ENTRA_SECRET_ARN: entra.login.secretArn }),
    AZURE_AUTHORITY_HOST: authorityHost,
    GRAPH_ENDPOINT: graphEndpoint,
    PLACEHOLDERS: JSON.stringify(placeholders),
    PROTECTED_ROLES: JSON.stringify(protectedRoles),
    FEDERATED_CREDENTIALS: JSON.stringify(config.federatedCredentials ?? []),
    DELETION: deletion,
    MODE: mode,
    MODES: JSON.stringify(modes),
    CAPS: JSON.stringify(caps),
  };
}

/** Reads and validates a config file. */
export const loadConfig = (file: string): FactoryConfig => parseConfig(readConfigFile(file), file);

/** What is in a JSON config file, of at most 65,536 characters, with no field twice; not validated. */
export function readConfigFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(file, [
      `(file): cannot be read (${(cause as NodeJS.ErrnoException).code}); copy oidc-factory.example.json and fill it in`,
    ]);
  }
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(file, [`(file): is not JSON: ${(cause as Error).message}`]);
  }
  // The parser keeps the last of several equal keys: which of two values was meant would be a guess.
  return readJson(text, (place, expected) => {
    throw new ConfigError(file, [`(file): ${place}: expected ${expected}`]);
  });
}
