/** Who enters a role that is served, tried for real: its own application or those it names, and nobody else. */
import type { Clients } from '../clients.ts';
import type { Incarnation, Violation } from './estate.ts';
import { inTurns } from './executions.ts';
import { admissionOf } from './trust.ts';

export interface Entrants {
  /** An application of the tenant that no role names. */
  readonly stranger: { readonly appId: string; readonly secret: string };
  /** That developers let in by its object id. */
  readonly managedIdentity: { readonly clientId: string; readonly objectId: string };
  /** Of the metadata service. */
  readonly imds: string;
}

/** Tries every role; adds a client secret to each application, so that nothing is to be judged afterwards. */
export async function intruders(
  clients: Clients,
  roles: readonly Incarnation[],
  entrants: Entrants,
): Promise<{ readonly tried: number; readonly violations: Violation[] }> {
  let tried = 0;
  const found = await inTurns(roles, async (role) => {
    const admission = admissionOf(role.trust, role.providerArn);
    if (!admission) return [];
    const { audience, subject } = admission;
    const enter = async (who: string, token: string, mayEnter: boolean): Promise<Violation[]> => {
      tried += 1;
      const refusal = await clients.assume(role.roleArn, token).then(
        () => undefined,
        (error: Error) => error.name,
      );
      if (mayEnter ? refusal === undefined : refusal === 'AccessDenied') return [];
      const { accountId, roleName, roleId } = role;
      const expected = `${who} is ${mayEnter ? 'let in' : 'refused'}`;
      return [{ rule: 3, accountId, roleName, roleId, expected, found: refusal ?? 'it entered' }];
    };
    const { stranger, managedIdentity } = entrants;
    const isNamed = subject === managedIdentity.objectId;
    const appId = audience.replace('api://', '');
    const secret = await clients.addPassword(appId);
    return [
      ...(await enter('its own application', await clients.token(appId, secret, audience), !isNamed)),
      ...(await enter(
        'another application',
        await clients.token(stranger.appId, stranger.secret, audience),
        false,
      )),
      ...(await enter('the managed identity', await identityToken(entrants, audience), isNamed)),
    ];
  });
  return { tried, violations: found.flat() };
}

async function identityToken({ imds, managedIdentity }: Entrants, resource: string): Promise<string> {
  const query = new URLSearchParams({
    'api-version': '2018-02-01',
    resource,
    client_id: managedIdentity.clientId,
  });
  const answer = await fetch(`${imds}/metadata/identity/oauth2/token?${query}`, {
    headers: { metadata: 'true' },
  });
  const body = (await answer.json()) as { readonly access_token?: string };
  if (!body.access_token) throw new Error(`The metadata service answers ${answer.status}`);
  return body.access_token;
}
