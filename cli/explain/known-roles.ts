/** What the ledger holds, as `oidc-factory status --json` prints it. */
import type { KnownIncarnation } from '../../core/dispatch.ts';
import { isFactoryError } from '../../core/errors.ts';
import { accountId, roleId, roleName, roleNameKey } from '../../core/ids.ts';
import { PHASES } from '../../core/ledger-entry.ts';
import { isObject } from '../../core/trust-policy/document.ts';
import { CommandFailure } from '../failure.ts';
import { type Io, jsonOf } from '../io.ts';

/** The incarnations of a role's name in an account. */
export type KnownRoles = (account: string, name: string) => readonly KnownIncarnation[];

const WHAT = 'what oidc-factory status --json prints';

/** Fails with InvalidInput for what is no entry, so that no role counts as unknown by mistake. */
export function readKnownRoles(io: Io, file: string): KnownRoles {
  const answer = jsonOf(io, file, WHAT);
  const entries = isObject(answer) ? answer.entries : undefined;
  if (!Array.isArray(entries)) throw invalid(`${file}: expected ${WHAT}, with its entries`);
  const roles = entries.map((entry: unknown, index) => {
    const known = isObject(entry) ? entryOf(entry) : undefined;
    if (known === undefined) throw invalid(`${file}: expected ${WHAT}, but entry ${index} is none`);
    return known;
  });
  const byName = Map.groupBy(roles, ({ key }) => key);
  return (account, name) => byName.get(keyOf(account, name.toLowerCase())) ?? [];
}

function entryOf(
  entry: Readonly<Record<string, unknown>>,
): (KnownIncarnation & { readonly key: string }) | undefined {
  const phase = PHASES.find((known) => known === entry.phase);
  if (phase === undefined) return undefined;
  try {
    const name = roleName(entry.roleName);
    const key = keyOf(accountId(entry.accountId), roleNameKey(name));
    return { roleName: name, roleId: roleId(entry.roleId), phase, key };
  } catch (error) {
    if (isFactoryError(error, 'InvalidInput')) return undefined;
    throw error;
  }
}

const keyOf = (account: string, lowerCaseName: string): string => `${account}/${lowerCaseName}`;

const invalid = (message: string) => new CommandFailure('usage', 'InvalidInput', message);
