/** No token, secret or credential is in an execution history, the ledger or a log. */
import type { ReadyLine, Sandbox } from '../start.ts';
import { ledgerItems, type Observers } from './census.ts';
import type { Violation } from './estate.ts';
import { inTurns, type Run } from './executions.ts';

/** A signed token, and the members in which AWS and Graph hand out credentials. */
const TOKEN = /eyJ[\w-]{8,}\.eyJ[\w-]{8,}\./;
const MEMBERS = /"(?:secretAccessKey|sessionToken|secretText|client_assertion|access_token)"/i;
/** What every line that could match holds: logs are searched for it first. */
const NEEDLES = ['eyJ', 'ecretAccessKey', 'essionToken', 'secretText', 'client_assertion', 'access_token'];

export async function leaks(
  { clients, executions }: Observers,
  sandbox: Sandbox,
  runs: readonly Run[],
): Promise<Violation[]> {
  const secrets = secretsOf(sandbox.ready);
  // What was found is not repeated: the report is no place for it either.
  const judge = (where: string, accountId: string, text: string): Violation[] =>
    holdsSecret(text, secrets)
      ? [{ rule: 4, accountId, expected: 'no token, secret or credential', found: where }]
      : [];
  const histories = await inTurns(runs, async ({ arn, accountId }) =>
    judge(arn, accountId, JSON.stringify(await executions.history(arn))),
  );
  const items = (await ledgerItems(clients)).flatMap((item) =>
    judge(`ledger entry ${item.roleId?.S}`, item.role?.S ?? '', JSON.stringify(item)),
  );
  return [...histories.flat(), ...items, ...(await inLogs(sandbox, [...NEEDLES, ...secrets], judge))];
}

/** `text` may be JSON within JSON. */
export function holdsSecret(text: string, secrets: readonly string[]): boolean {
  const plain = text.replaceAll(/\\+"/g, '"');
  return TOKEN.test(plain) || MEMBERS.test(plain) || secrets.some((secret) => plain.includes(secret));
}

const secretsOf = ({ aws, entra, controlToken }: ReadyLine): string[] => [
  controlToken,
  entra.admin.clientSecret,
  ...[aws.factory, ...aws.members].map(({ secretAccessKey }) => secretAccessKey),
];

async function inLogs(
  { aws, world, administrator }: Sandbox,
  needles: readonly string[],
  judge: (where: string, accountId: string, text: string) => Violation[],
): Promise<Violation[]> {
  const { caller } = administrator(world.factoryAccountId);
  const groups = await aws.logs.describeLogGroups({}, caller, world.region);
  const found = await inTurns(groups, async ({ logGroupName }) => {
    const lines = await Promise.all(
      needles.map((containing) =>
        aws.logs.filterLogEvents({ logGroupName, containing }, caller, world.region),
      ),
    );
    return lines.flat().flatMap(({ message }) => judge(logGroupName, world.factoryAccountId, message));
  });
  return found.flat();
}
