/** A run that somebody stops cannot release what it holds: whoever comes next finds out that it has ended. */

import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { until } from '../../sandbox/clients.ts';
import { createRole, placeholderOf, roleWithStatus, trustOn, useFactory } from './harness.ts';
import { Trail } from './trail.ts';

const ROLE = 'stopped';
const trail = new Trail();
const factory = useFactory({ onCloudTrailRecord: trail.receive });

const phase = async () => (await factory().ledgerEntries(factory().member.accountId, ROLE))[0]?.phase?.S;

/** Stops the only execution for the role once its ledger entry is in this phase, and lets its event come again. */
async function stopIn(
  wanted: string,
  workflow: string,
  eventName: 'CreateRole' | 'DeleteRole',
): Promise<void> {
  await until(`phase ${wanted}`, async () => ((await phase()) === wanted ? true : undefined));
  const [run] = await factory().executions(workflow, ROLE);
  expect(run?.status).toBe('RUNNING');
  await factory().states.send(new StopExecutionCommand({ executionArn: run?.executionArn }));
  trail.deliver(trail.of(eventName, ROLE)[0]);
}

const outcomes = async (workflow: string) =>
  (await factory().executions(workflow, ROLE)).map(({ name, status }) => [/-r1$/.test(name ?? ''), status]);

describe('after a run was stopped, the next run of its event', () => {
  it('creates what is left to create', async () => {
    const { member, sandbox } = factory();
    const slow = { kind: 'delay', delayMs: 20_000, times: 1 } as const;
    sandbox.recorder.inject({ service: 'iam', operation: 'AddClientIDToOpenIDConnectProvider', ...slow });
    await createRole(member, ROLE, trustOn(member, { aud: placeholderOf(factory()) }));
    await stopIn('creating', 'create-role', 'CreateRole');
    await roleWithStatus(member, ROLE, 'ready');
    expect(await outcomes('create-role')).toEqual([
      [true, expect.stringMatching(/RUNNING|SUCCEEDED/)],
      [false, 'ABORTED'],
    ]);
  });

  it('removes what is left to remove', async () => {
    await factory().member.iam.send(new DeleteRoleCommand({ RoleName: ROLE }));
    await stopIn('removing', 'delete-role', 'DeleteRole');
    await until('the removal', async () => ((await phase()) === 'removed' ? true : undefined));
    expect(await outcomes('delete-role')).toEqual([
      [true, expect.stringMatching(/RUNNING|SUCCEEDED/)],
      [false, 'ABORTED'],
    ]);
  });
});
