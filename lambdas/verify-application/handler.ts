import { verificationProblems } from '../../core/application.ts';
import { FactoryError } from '../../core/errors.ts';
import { refuse } from '../application-checks.ts';
import { inParallel } from '../in-parallel.ts';
import { advance, isWithin, ledgerWriter } from '../ledger-steps.ts';
import type { Ports } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import type { StepInput, StepOutput } from '../workflow.ts';

/** Looks once more, before a role trusts it, whether the application is the factory's own and unchanged. */
export const verifyApplication =
  (ports: Pick<Ports, 'directory' | 'ledger' | 'clock'>, settings: HandlerSettings) =>
  async (input: StepInput): Promise<StepOutput> => {
    const { directory, clock } = ports;
    const writer = ledgerWriter(ports, settings, input.execution);
    const entry = await advance(writer, input.entry, (stored) => ({ ...stored, step: 'verify-application' }));
    const { applicationObjectId, appId } = entry;
    if (!applicationObjectId || !appId) throw new FactoryError('InvalidInput', 'Entry without application');

    const [application, principal] = await inParallel(
      directory.application(applicationObjectId),
      directory.servicePrincipal(appId),
    );
    if (!application || !principal) throw new FactoryError('NotReplicated');
    const problems = verificationProblems(application, principal, entry, settings);
    // The input stays the same from attempt to attempt: it was written when this step was reached.
    const mayLag = isWithin(settings.settleSeconds, input.entry.updatedAt, clock);
    const isInUse = entry.readyAt !== undefined;
    refuse(application, problems, 'ApplicationTampered', settings, { mayLag, isInUse });
    return { entry };
  };
