/** How the factory runs once it is deployed: modes, limits, sweeps, who is told. */
import { z } from 'zod';
import { PROVIDER_OWNERS } from '../../core/enrolment.ts';
import { MODES } from '../../core/settings.ts';

/** What the functions are told is in their environment, which has 4 KB for everything. */
const MAX_MODES_LENGTH = 1000;

export const account = z.string().regex(/^\d{12}$/, 'expected twelve digits');
export const organizationalUnit = z
  .string()
  .regex(/^(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$/, 'expected an id such as ou-ab12-a1b2c3d4');

const mode = z.enum(MODES);

export const ModeSchema = mode
  .default('observe')
  .describe('observe: decides and logs, writes nothing. enforce: acts. Default observe.');

export const ModesSchema = z
  .record(
    z.union([account, organizationalUnit], 'expected an account id or the id of an organizational unit'),
    mode,
  )
  .refine(
    (modes) => JSON.stringify(modes).length <= MAX_MODES_LENGTH,
    `expected at most ${MAX_MODES_LENGTH} characters in all`,
  )
  .default({})
  .describe(
    'Modes of accounts and organizational units, by id; the account before its units, the nearest unit before those above. Default none.',
  );

const count = (most: number, usual: number, what: string) =>
  z.int().min(1).max(most).default(usual).describe(`${what} Default ${usual}.`);

export const CapsSchema = z
  .strictObject({
    // The provider's list has 100 places, some of them for placeholders.
    rolesPerAccount: count(99, 90, 'Audiences on a provider beyond which no further role is served.'),
    creationsPerHour: count(
      1000,
      50,
      'Roles of one account that are served within an hour; further ones wait.',
    ),
    removalsPerHour: count(
      1000,
      50,
      'Roles of one account that are removed within an hour; further ones wait.',
    ),
  })
  .prefault({})
  .describe('What a mistake can do at most, per account.');

export const SweepSchema = z
  .strictObject({
    everyHours: z.int().min(1).max(24).default(6).describe('Between two sweeps. Default 6.'),
    accounts: z
      .array(account)
      .nonempty('expected at least one account; leave the field out for the whole organization')
      .optional()
      .describe('Which accounts are swept. Default every active account of the organization.'),
    backfill: z
      .boolean()
      .default(false)
      .describe(
        'Whether roles from before the factory that consent are served. Default false: reported only.',
      ),
    destructiveSteps: count(
      1000,
      10,
      'Removals that one sweep may start; beyond them it starts none and alarms.',
    ),
  })
  .prefault({})
  .describe('The regular look at what events missed and what people changed.');

export const NotificationsSchema = z
  .strictObject({
    emails: z
      .array(z.email('expected an e-mail address'))
      .max(10, 'expected at most 10 addresses')
      .default([])
      .describe('Who gets the alarms and the digest. Default nobody: subscribe to the topics yourself.'),
    runbookUrl: z
      .url({ protocol: /^https$/, error: 'expected an https URL' })
      .optional()
      .describe(
        'Where you publish docs/runbook.md; alarms link to its sections. Default its path in the repository.',
      ),
  })
  .prefault({})
  .describe('Who is told, and where the remedies are.');

export const EncryptionSchema = z
  .enum(['aws', 'customer'])
  .default('aws')
  .describe(
    'Keys of tables, queues, topics and logs: those of AWS, or one customer-managed key that the factory stack makes. Default aws.',
  );

export const ProviderSchema = z
  .enum(PROVIDER_OWNERS)
  .default('factory')
  .describe(
    "Who makes the OIDC provider of a member account. factory: the factory, where none exists in either spelling. stack: the member stack, retained when it goes; a second stack of the same URL has deleted the first one's. external: others; the factory only adds and removes audiences. Default factory.",
  );

export const FederatedCredentialsSchema = z
  .array(
    z.strictObject({
      issuer: z
        .url({ protocol: /^https$/, error: 'expected an https URL' })
        .max(600)
        .describe('Exactly the iss of the tokens.'),
      subjects: z
        .array(z.string().regex(/^[\u0021-\u007e]{3,600}$/, 'expected 3 to 600 printable characters'))
        .nonempty('expected at least one subject prefix')
        .describe(
          'How a subject must begin; say the whole organization and a separator, such as repo:example/.',
        ),
    }),
  )
  .nonempty('expected at least one issuer; leave the field out to refuse all')
  .refine(
    (allowed) => JSON.stringify(allowed).length <= MAX_MODES_LENGTH,
    `expected at most ${MAX_MODES_LENGTH} characters in all`,
  )
  .optional()
  .describe(
    'Workloads that developers may let in by the tag oidc-factory:federated-credential. It turns the right to tag into the right to enter. Default none.',
  );

export const RolloutSchema = z
  .strictObject({
    organizationalUnits: z
      .array(organizationalUnit)
      .nonempty('expected at least one organizational unit')
      .describe('Where the member stack goes, accounts to come included; the root for all.'),
    excludedAccounts: z
      .array(account)
      .default([])
      .describe('Accounts of those that do not get it. Default none.'),
    administrator: z
      .enum(['management', 'delegated'])
      .default('delegated')
      .describe('The account that the roll-out stack is deployed to. Default delegated administrator.'),
    onAccountRemoval: z
      .enum(['retain', 'delete'])
      .default('retain')
      .describe('What becomes of the member stack of an account that leaves. Default retain.'),
    concurrentPercentage: count(100, 10, 'Accounts at once, in percent.'),
    failureTolerancePercentage: z
      .int()
      .min(0)
      .max(100)
      .default(5)
      .describe('Accounts that may fail before the roll-out stops, in percent. Default 5.'),
  })
  .describe('The roll-out by a service-managed StackSet. Absent: other channels bring the member stack.');

export type RolloutConfig = z.output<typeof RolloutSchema>;
