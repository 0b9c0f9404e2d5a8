/** The factory does not hear: the forwarding rules of member accounts are disabled. */
import { DisableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { MemberClient } from '../../../sandbox/clients.ts';
import type { Factory } from '../harness.ts';

/** In these member accounts, or all of them. */
export async function turnOff(
  { awsOptions, members }: Factory,
  ...some: readonly MemberClient[]
): Promise<void> {
  for (const { credentials } of some.length > 0 ? some : members) {
    const events = new EventBridgeClient({ ...awsOptions, credentials: { ...credentials } });
    await events.send(new DisableRuleCommand({ Name: 'oidc-factory-forward-role-events' }));
  }
}
