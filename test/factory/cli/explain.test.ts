/** What `explain` says of an event, against what the factory does when the event arrives. */
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { expect, it } from 'vitest';
import type { ExplainedEvent } from '../../../core/explain/event.ts';
import { createRole, ended, placeholderOf, roleWithStatus, trustOn, useFactory } from '../harness.ts';
import { Trail } from '../trail.ts';
import { useCommandLine } from './command-line.ts';

const trail = new Trail();
const factory = useFactory({ onCloudTrailRecord: trail.receive });
const command = useCommandLine(factory);

async function explain(event: object | undefined): Promise<ExplainedEvent> {
  const { config, file, run } = command();
  return (
    await run(['explain', file('event.json', JSON.stringify(event)), '--config', config, '--json'])
  ).json();
}

/** The factory's own calls in the member account and to Graph, by who made them. */
function callsMade(): Set<string> {
  const { recorder, world } = factory().sandbox;
  const calls = recorder.calls().flatMap(({ cloud, service, operation, caller }) => {
    if (cloud === 'entra')
      return service === 'graph' && caller === world.factoryAppId
        ? [`the factory's application ${operation}`]
        : [];
    const as = /:assumed-role\/(oidc-factory-(?:inspect|provider|trust))\//.exec(caller)?.[1];
    return as === undefined ? [] : [`${as} ${service}:${operation}`];
  });
  return new Set(calls);
}

const callsPlanned = ({ steps }: ExplainedEvent): Set<string> =>
  new Set(steps.flatMap(({ calls = [] }) => calls.map(({ as, call }) => `${as} ${call}`)));

const executionsNamed = ({ steps }: ExplainedEvent) => steps.flatMap(({ executions = [] }) => executions);

it('foretells decision, execution and every call of a whole life of a role', async () => {
  const { member, sandbox } = factory();
  sandbox.recorder.clearCalls();
  await createRole(member, 'foretold', trustOn(member, { aud: placeholderOf(factory()) }));
  const { roleId } = await roleWithStatus(member, 'foretold', 'ready');
  const created = await ended(factory(), 'create-role', 'foretold');
  const creation = await explain(trail.of('CreateRole', 'foretold')[0]);
  expect(creation).toMatchObject({ decision: 'create', forwarded: true, roleName: 'foretold', roleId });
  expect(executionsNamed(creation)).toEqual([created.name]);
  expect(callsPlanned(creation)).toEqual(callsMade());

  sandbox.recorder.clearCalls();
  await member.iam.send(new DeleteRoleCommand({ RoleName: 'foretold' }));
  const deleted = await ended(factory(), 'delete-role', 'foretold');
  const removal = await explain(trail.of('DeleteRole', 'foretold')[0]);
  expect(removal).toMatchObject({ decision: 'delete', forwarded: true, roleName: 'foretold' });
  expect(executionsNamed(removal).map((name) => name.replace('<role id>', roleId))).toEqual([deleted.name]);
  expect(callsPlanned(removal)).toEqual(callsMade());
});
