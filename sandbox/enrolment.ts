/** Waits for what the deployment of the member stacks sets going. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ListOpenIDConnectProvidersResponse } from '@aws-sdk/client-iam';
import type { ListExecutionsOutput, ListStateMachinesOutput } from '@aws-sdk/client-sfn';
import type { AwsCloud } from './aws/cloud.ts';
import type { Caller } from './cloud.ts';
import type { World } from './world.ts';

const PATIENCE_MS = 60_000;
const POLL_MS = 50;

interface Place {
  readonly world: World;
  readonly cloud: AwsCloud;
}

/** The tenant's OIDC provider of the caller's account, as soon as it is there. */
export const tenantProvider = ({ world, cloud }: Place, as: Caller): Promise<string> =>
  found(`an OIDC provider of the tenant in ${as.accountId}`, async () => {
    const list = await cloud.invoke<ListOpenIDConnectProvidersResponse>(
      'iam',
      'ListOpenIDConnectProviders',
      {},
      as,
      world.region,
    );
    const arns = (list.OpenIDConnectProviderList ?? []).map(({ Arn = '' }) => Arn);
    return arns.find((arn) => arn.includes(world.tenantId));
  });

/** Resolves when no execution runs in the caller's account. */
export const atRest = ({ world, cloud }: Place, as: Caller): Promise<true> =>
  found('the end of every execution', async () => {
    const ask = <Output>(operation: string, input: object) =>
      cloud.invoke<Output>('states', operation, input, as, world.region);
    const { stateMachines = [] } = await ask<ListStateMachinesOutput>('ListStateMachines', {});
    const running = await Promise.all(
      stateMachines.map(({ stateMachineArn }) =>
        ask<ListExecutionsOutput>('ListExecutions', { stateMachineArn, statusFilter: 'RUNNING' }),
      ),
    );
    return running.every(({ executions = [] }) => executions.length === 0) ? true : undefined;
  });

async function found<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`Waited a minute in vain for ${what}`);
    await delay(POLL_MS);
  }
}
