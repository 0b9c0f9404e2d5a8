import { tokenFacts } from '../core/token.ts';

/** What STS takes as the name of a session. */
export const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;

/** CloudTrail shows it with every call of the session: which machine, and logged in as whom. */
export function sessionNameFor(host: string, token: string): string {
  const { azp, appid } = tokenFacts(token) ?? {};
  const client = legal(azp ?? appid ?? '');
  const machine = legal(host);
  if (client === '') return machine.slice(0, 64).padEnd(2, '-');
  return `${machine.slice(0, Math.max(0, 63 - client.length))}@${client}`.slice(-64);
}

const legal = (text: string): string => text.replaceAll(/[^\w+=,.@-]/g, '-');
