import type { AccountId } from '../../core/ids.ts';
import { isLive } from '../../core/ledger-entry.ts';
import { ignoredTags } from '../../core/tags.ts';
import { bestEffort } from '../best-effort.ts';
import type { InspectAccess, Ports, RoleView } from '../ports.ts';

/** What such a role says. */
export const FOREIGN_AUDIENCE = 'The audience is of another role - choose the placeholder';

/**
 * A role that was given another role's live audience is open to that role's users. The factory does not change its
 * trust, but says so: on the role, as a finding and as a metric.
 */
export async function reportForeignAudiences(
  { ledger, telemetry }: Pick<Ports, 'ledger' | 'telemetry'>,
  access: InspectAccess,
  accountId: AccountId,
  role: RoleView,
  audiences: readonly string[],
): Promise<void> {
  for (const audience of audiences) {
    const holders = await ledger.holdersOf(accountId, audience);
    const other = holders.find((holder) => isLive(holder) && holder.roleId !== role.roleId);
    if (!other) continue;
    telemetry.event('Finding: a role trusts the audience of another role', {
      accountId,
      roleArn: role.roleArn,
      audience,
      audienceOf: other.roleArn,
    });
    telemetry.count('ForeignAudienceFinding');
    await bestEffort(telemetry, 'Tagging the ignored role', () =>
      access.tagRole(role.roleName, ignoredTags(FOREIGN_AUDIENCE)),
    );
    return;
  }
}
