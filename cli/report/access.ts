/** Who can assume what in the accounts of the organization. */
import { accessRows, type DirectoryFacts, type SeenAccess } from '../../core/access-report.ts';
import { isFactoryError } from '../../core/errors.ts';
import type { AccountId } from '../../core/ids.ts';
import type { EntraCloud } from '../../core/issuer.ts';
import type { LoginName } from '../../credentials/login.ts';
import { ACCESS, accessIn } from '../../lambdas/adapters/sweep-records.ts';
import { cloudSection, readSections } from '../../lambdas/settings.ts';
import { graphLogin, isLoginConfigured } from '../entra.ts';
import { deployedFactory, type FactoryOptions } from '../factory.ts';
import { CommandFailure } from '../failure.ts';
import { graphClient } from '../graph.ts';
import type { Io } from '../io.ts';
import { itemsOf } from '../sweep/execution.ts';
import { directoryFacts } from './directory-reads.ts';
import { printCsv, printTable } from './print.ts';

export interface AccessOptions extends FactoryOptions {
  readonly account?: readonly AccountId[];
  readonly credential?: LoginName;
  readonly csv?: true;
  readonly json?: true;
}

/** How long a call that Graph throttles is tried again: a report of many accounts is worth waiting for. */
const PATIENCE_SECONDS = 120;

export async function reportAccess(io: Io, given: AccessOptions): Promise<void> {
  const { account, credential, csv, json } = given;
  const factory = await deployedFactory(io, given);
  const seen: SeenAccess[] = (await itemsOf(io, factory, ACCESS))
    .map(accessIn)
    .filter(({ accountId }) => account === undefined || account.includes(accountId));
  if (seen.length === 0) {
    throw new CommandFailure(
      'refused',
      'NotSwept',
      'No sweep has looked at such an account in the last 14 days',
      {
        remedy: 'Say oidc-factory sweep, and then again.',
      },
    );
  }
  const isAsked = credential !== undefined || isLoginConfigured(io);
  const { cloud } = readSections(factory.variables, { cloud: cloudSection });
  const facts = isAsked ? await asked(io, credential, cloud, seen) : undefined;
  const rows = accessRows(seen, facts);
  const left = seen.filter((one) => one.left > 0);
  if (json) io.out(JSON.stringify({ directory: isAsked, roles: rows, left: left.map(leftOut) }));
  else if (csv) printCsv(io, rows);
  else printTable(io, rows);
  if (!isAsked) {
    io.tell(
      'Applications and names are missing: say --credential developer after az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.',
    );
  }
  for (const one of left)
    io.tell(`${one.accountId}: ${one.left} further roles trust the tenant, and are not shown`);
}

async function asked(
  io: Io,
  credential: LoginName | undefined,
  cloud: EntraCloud,
  seen: readonly SeenAccess[],
): Promise<DirectoryFacts> {
  const login = graphLogin(io, credential, cloud);
  try {
    return await directoryFacts(graphClient(login, { patienceSeconds: PATIENCE_SECONDS }), seen);
  } catch (error) {
    if (!isFactoryError(error)) throw error;
    const outcome = error.retryable ? 'unavailable' : 'refused';
    const remedy =
      error.code === 'DirectoryForbidden' ? 'It needs the right Application.Read.All.' : error.remedy;
    throw new CommandFailure(outcome, error.code, error.message, { remedy, cause: error });
  }
}

const leftOut = ({ accountId, left }: SeenAccess) => ({ accountId, roles: left });
