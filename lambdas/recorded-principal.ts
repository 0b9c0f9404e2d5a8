import type { ServicePrincipalId } from '../core/ids.ts';
import type { LedgerEntry } from '../core/ledger-entry.ts';
import type { Directory } from './ports.ts';

/** The service principal of an entry's application. One that was made and never recorded is found by the client id. */
export async function recordedPrincipal(
  directory: Pick<Directory, 'servicePrincipal'>,
  { servicePrincipalId, appId }: LedgerEntry,
): Promise<ServicePrincipalId | undefined> {
  return servicePrincipalId ?? (appId && (await directory.servicePrincipal(appId))?.id);
}
