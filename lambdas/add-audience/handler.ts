import { FactoryError } from '../../core/errors.ts';
import type { Audience } from '../../core/ids.ts';
import { audienceFor, type TokenVersion } from '../../core/issuer.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { advance, ledgerWriter } from '../ledger-steps.ts';
import type { Ports } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import type { StepInput, StepOutput } from '../workflow.ts';

/** Records service principal and audience, then puts the audience on the list of the provider that the role names. */
export const addAudience =
  (ports: Pick<Ports, 'accounts' | 'ledger' | 'clock'>, settings: HandlerSettings) =>
  async (input: StepInput): Promise<StepOutput> => {
    const writer = ledgerWriter(ports, settings, input.execution);
    const { tokenVersion } = settings.issuer;
    const { servicePrincipalId, former } = input.entry;
    let entry = await advance(writer, input.entry, (stored) => ({
      ...stored,
      ...(servicePrincipalId && { servicePrincipalId }),
      ...(former && { former }),
      step: 'add-audience',
      audience: stored.audience ?? audienceOf(stored, tokenVersion),
    }));
    const { accountId, providerArn, audience: recorded } = entry;
    const audience = audienceOf(entry, tokenVersion);
    if (!providerArn) throw new FactoryError('InvalidInput', 'Entry without provider');

    const access = await ports.accounts.provider({ accountId, providerArn });
    if (recorded && recorded !== audience) {
      // Of an application that is lost: its successor must not leave it on the list.
      await access.removeAudience(providerArn, recorded);
      entry = await advance(writer, entry, (stored) => ({ ...stored, audience }));
    }
    await access.addAudience(providerArn, audience);
    return { entry };
  };

function audienceOf({ appId }: LedgerEntry, tokenVersion: TokenVersion): Audience {
  if (!appId) throw new FactoryError('InvalidInput', 'Entry without application');
  return audienceFor(appId, tokenVersion);
}
