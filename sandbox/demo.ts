/** Plays the main job once, as a developer and a workload would, through the public APIs alone. */
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { type DescribeExecutionOutput, GetExecutionHistoryCommand } from '@aws-sdk/client-sfn';
import { type Clients, connect, until } from './clients.ts';
import type { ReadyLine } from './start.ts';

/** One line of the timeline. */
export interface Moment {
  /** Seconds since the demo began. */
  readonly at: number;
  readonly who: 'developer' | 'member account' | 'factory' | 'workload' | 'stranger' | 'proof';
  readonly what: string;
  /** More lines: a policy, an identity, an error. */
  readonly detail?: readonly string[];
}

type Say = (who: Moment['who'], what: string, ...detail: string[]) => void;

const ROLE = 'nightly-export';

/**
 * Creates a role with the placeholder as audience, waits until it trusts its application, exchanges that
 * application's token for AWS credentials, shows that another application is refused, deletes the role and shows
 * that nothing is left. Rejects at the first thing that is not as it must be.
 */
export async function playMainJob(ready: ReadyLine, report: (moment: Moment) => void): Promise<void> {
  const began = performance.now();
  const say: Say = (who, what, ...detail) => {
    const at = Math.round((performance.now() - began) / 100) / 10;
    report({ at, who, what, ...(detail.length > 0 && { detail }) });
  };
  const clients = connect(ready);
  const [member] = clients.members;
  must(member !== undefined, 'there is no member account');
  const placeholder = `api://${ready.entra.tenantId}/oidc-factory-placeholder`;

  await member.iam.send(
    new CreateRoleCommand({
      RoleName: ROLE,
      AssumeRolePolicyDocument: JSON.stringify(consoleTrust(member.providerArn, placeholder)),
    }),
  );
  const before = await member.role(ROLE);
  say('developer', `creates the web identity role ${ROLE} with a dummy audience`, ...pretty(before.trust));
  const creation = await ended(clients, 'create-role');
  say('member account', 'CloudTrail records CreateRole; the rule forwards the event to the factory bus');
  say('factory', named(creation), ...(await stepsOf(clients, creation)));

  const { trust, tags } = await member.role(ROLE);
  const clientId = tags['oidc-factory:client-id'] ?? '';
  const audience = tags['oidc-factory:audience'] ?? '';
  must(tags['oidc-factory:status'] === 'ready', `the role is tagged ${tags['oidc-factory:status']}`);
  say('factory', `the role trusts its own application, client id ${clientId}`, ...pretty(trust));

  const secret = await clients.addPassword(clientId);
  const session = await clients.assume(before.arn, await clients.token(clientId, secret, audience));
  const identity = await clients.whoAmI(session);
  must(identity.includes(`assumed-role/${ROLE}/`), `the caller is ${identity}`);
  say('workload', 'exchanges its Entra token for AWS credentials', `GetCallerIdentity: ${identity}`);

  const stranger = await clients.registerApplication('Somebody else');
  const strangersToken = await clients.token(stranger.appId, stranger.secret, audience);
  const refusal = await clients.assume(before.arn, strangersToken).then(
    () => undefined,
    (error: Error) => error,
  );
  must(refusal?.name === 'AccessDenied', `the other application got ${refusal?.name ?? 'in'}`);
  say(
    'stranger',
    'another application of the tenant, with a valid token for the same audience, is refused',
    `${refusal?.name}: ${refusal?.message}`,
  );

  await member.iam.send(new DeleteRoleCommand({ RoleName: ROLE }));
  say('developer', `deletes the role ${ROLE}`);
  const removal = await ended(clients, 'delete-role');
  say('factory', named(removal), ...(await stepsOf(clients, removal)));

  const left: string[] = [];
  for (const kind of ['applications', 'servicePrincipals'])
    if ((await clients.graph('GET', `/${kind}(appId='${clientId}')`)).status !== 404) left.push(kind);
  if ((await member.audiences()).includes(audience)) left.push('audience');
  const entries = await clients.ledgerEntries(member.accountId, ROLE);
  if (entries.some(({ phase }) => phase?.S !== 'removed')) left.push('ledger entry');
  must(left.length === 0, `left behind: ${left.join(', ')}`);
  say('proof', 'nothing is left: no application in Entra, no audience on the provider, no live ledger entry');
}

/** What the console's wizard writes: the audience as a list of one. */
const consoleTrust = (providerArn: string, audience: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRoleWithWebIdentity',
      Principal: { Federated: providerArn },
      Condition: { StringEquals: { [`${providerArn.split('oidc-provider/')[1]}:aud`]: [audience] } },
    },
  ],
});

const pretty = (policy: string): string[] => JSON.stringify(JSON.parse(policy), null, 2).split('\n');

function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(`The main job went wrong: ${otherwise}`);
}

/** The execution of a workflow for the demo's role, once it has succeeded. */
const ended = (clients: Clients, workflow: string): Promise<DescribeExecutionOutput> =>
  until(`the ${workflow} workflow`, async () => {
    const [execution] = await clients.executions(workflow, ROLE);
    if (execution === undefined || execution.status === 'RUNNING') return undefined;
    must(execution.status === 'SUCCEEDED', `${workflow} ended ${execution.status}: ${execution.error}`);
    return execution;
  });

const named = ({ stateMachineArn, name }: DescribeExecutionOutput): string =>
  `${stateMachineArn?.split(':').at(-1)} ${name}`;

/** Tasks and waits of an execution, each with the time it took. */
async function stepsOf({ states }: Clients, { executionArn }: DescribeExecutionOutput): Promise<string[]> {
  const history = await states.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
  const entered = new Map<string, number>();
  const steps: string[] = [];
  for (const event of history.events ?? []) {
    const at = event.timestamp?.getTime() ?? 0;
    const into = event.stateEnteredEventDetails?.name;
    const outOf = event.stateExitedEventDetails?.name;
    if (into) entered.set(into, at);
    if (outOf && /^(Task|Wait)StateExited$/.test(event.type ?? ''))
      steps.push(`${outOf.padEnd(20)} ${String(at - (entered.get(outOf) ?? at)).padStart(6)} ms`);
  }
  return steps;
}
