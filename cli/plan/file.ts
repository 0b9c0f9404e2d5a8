/** A plan as a file. It chooses among what the factory finds by itself, and can say nothing else. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { isUnaltered, type PlanDocument } from '../../core/drift/approval.ts';
import { DRIFT_REASONS } from '../../core/drift/reasons.ts';
import { accountId } from '../../core/ids.ts';
import { CommandFailure } from '../failure.ts';
import { type Io, jsonOf } from '../io.ts';

const STEP = z.looseObject({
  reason: z.enum(DRIFT_REASONS),
  also: z.array(z.enum(DRIFT_REASONS)),
  accountId: z.string().transform(accountId),
  subject: z.looseObject({ kind: z.enum(['account', 'provider', 'role', 'audience', 'application']) }),
  detail: z.string(),
  risk: z.enum(['none', 'changes', 'destructive']),
  start: z
    .union([
      z.looseObject({ workflow: z.literal('enrol-account') }),
      z.looseObject({
        workflow: z.enum(['create-role', 'delete-role']),
        // By which the run is found that this plan may have started before.
        run: z.looseObject({ roleId: z.string() }),
      }),
    ])
    .optional(),
});

const PLAN = z.object({
  version: z.literal(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  plannedAt: z.iso.datetime(),
  accountId: z.string().transform(accountId),
  region: z.string(),
  prefix: z.string(),
  adopt: z.array(z.string()),
  steps: z.array(STEP),
});

/** Fails with InvalidInput, and with PlanAltered where the hash is not that of the steps. */
export function readPlan(io: Io, file: string): PlanDocument {
  const read = PLAN.safeParse(jsonOf(io, file, 'a plan of oidc-factory plan --out'));
  if (!read.success) {
    throw new CommandFailure('usage', 'InvalidInput', `${file} is no plan of oidc-factory plan --out`);
  }
  // What is started is never read from here, so that the rest of a step needs no check.
  const plan = read.data as unknown as PlanDocument;
  if (isUnaltered(plan)) return plan;
  throw new CommandFailure('refused', 'PlanAltered', `${file} has been changed since it was planned`, {
    remedy: 'Plan again: with --only and --exclude a plan holds what is wanted.',
  });
}

export function writePlan(file: string, plan: PlanDocument): void {
  try {
    writeFileSync(file, `${JSON.stringify(plan, null, 2)}\n`, { mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandFailure('usage', 'InvalidInput', `${file} cannot be written (${code})`, { cause });
  }
}
