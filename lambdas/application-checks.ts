import { hasForeignCredentials, type ObservedApplication } from '../core/application.ts';
import { type ErrorCode, FactoryError } from '../core/errors.ts';
import type { FactorySettings } from '../core/settings.ts';

/**
 * Throws `code` where an application has problems; NameSquatted where another application created it. While it
 * `mayLag`, what is merely absent or old may be a replica that is behind: NotReplicated. Its creator never changes
 * and a credential never appears by itself, so these are believed at once; once it `isInUse`, its users have some.
 */
export function refuse(
  application: ObservedApplication,
  problems: readonly string[],
  code: ErrorCode,
  { factoryAppId }: Pick<FactorySettings, 'factoryAppId'>,
  { mayLag, isInUse = false }: { readonly mayLag: boolean; readonly isInUse?: boolean },
): void {
  if (problems.length === 0) return;
  const { createdByAppId, objectId } = application;
  const isForeign = createdByAppId !== null && createdByAppId.toLowerCase() !== factoryAppId.toLowerCase();
  const isTampered = !isInUse && hasForeignCredentials(application);
  if (mayLag && !isForeign && !isTampered) throw new FactoryError('NotReplicated');
  throw new FactoryError(isForeign ? 'NameSquatted' : code, `${objectId}: ${problems.join(', ')}`);
}
