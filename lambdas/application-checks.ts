import type { ObservedApplication } from '../core/application.ts';
import { type ErrorCode, FactoryError } from '../core/errors.ts';
import type { FactorySettings } from '../core/settings.ts';

/**
 * Throws `code` where an application has problems; NameSquatted where another application created it. While it
 * `mayLag`, what is merely absent or old may be a replica that is behind: NotReplicated. Its creator never changes
 * and a credential never appears by itself, so these are believed at once.
 */
export function refuse(
  application: ObservedApplication,
  problems: readonly string[],
  code: ErrorCode,
  { factoryAppId }: Pick<FactorySettings, 'factoryAppId'>,
  mayLag: boolean,
): void {
  if (problems.length === 0) return;
  const { createdByAppId, passwords, keys, federatedCredentials, objectId } = application;
  const isForeign = createdByAppId !== null && createdByAppId.toLowerCase() !== factoryAppId.toLowerCase();
  const hasCredential = passwords + keys + federatedCredentials > 0;
  if (mayLag && !isForeign && !hasCredential) throw new FactoryError('NotReplicated');
  throw new FactoryError(isForeign ? 'NameSquatted' : code, `${objectId}: ${problems.join(', ')}`);
}
