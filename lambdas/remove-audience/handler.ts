import { removalFence } from '../ledger-steps.ts';
import type { Ports } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import type { RemoveAudienceOutput, StepInput } from '../workflow.ts';

/** Takes the recorded audience off the provider's list; never one that a role of another purpose may rest on. */
export const removeAudience =
  (ports: Pick<Ports, 'accounts' | 'ledger'>, settings: HandlerSettings) =>
  async ({ entry, execution }: StepInput): Promise<RemoveAudienceOutput> => {
    const { accountId, audience, providerArn } = await removalFence(ports.ledger, entry, execution);
    if (!audience || !providerArn || settings.placeholders.includes(audience)) return { removed: 'nothing' };
    const access = await ports.accounts.provider({ accountId, providerArn });
    await access.removeAudience(providerArn, audience);
    return { removed: 'audience' };
  };
