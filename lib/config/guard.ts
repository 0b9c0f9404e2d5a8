import { z } from 'zod';
import { GUARD_MODES } from '../../core/guard/settings.ts';

/** The list is in the environment of the guard's function, which has 4 KB for everything. */
const MAX_ISSUERS_LENGTH = 2000;

const issuer = z
  .string()
  .regex(
    /^(?:https:\/\/)?[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\/[\u0021-\u007e]*)?$/i,
    'expected an issuer as its provider has it, such as token.actions.githubusercontent.com',
  );

/** The part of the config that asks for the guard. Without it nothing of the guard is deployed. */
export const GuardConfigSchema = z
  .strictObject({
    mode: z
      .enum(GUARD_MODES)
      .default('observe')
      .describe(
        'observe: findings as events and in Security Hub. suggest: also as a tag on the role. enforce: also quarantine for what is critical. Default observe.',
      ),
    issuers: z
      .array(issuer)
      .nonempty('expected at least one issuer; leave the field out to allow any')
      .refine(
        (issuers) => JSON.stringify(issuers).length <= MAX_ISSUERS_LENGTH,
        `expected at most ${MAX_ISSUERS_LENGTH} characters in all`,
      )
      .optional()
      .describe(
        "Issuers that roles may trust beside the tenant's; a role that trusts another one is a finding (WR08). Default any.",
      ),
    quarantinesPerHour: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .describe('Roles that the guard puts into quarantine by itself within any hour. Default 5.'),
    graceHours: z
      .number()
      .min(0)
      .max(720)
      .default(72)
      .describe(
        'How long a critical finding on a role that is older than a day may stand before the quarantine. Default 72.',
      ),
    contain: z
      .enum(['federated', 'all'])
      .default('federated')
      .describe(
        'What the quarantine denies: federated sessions alone (default), or all, so that sessions chained from them end too, and everybody else who shares the role.',
      ),
  })
  .describe('Watches the trust policies of all web identity roles. Absent: not deployed.');

export type GuardConfig = z.output<typeof GuardConfigSchema>;
