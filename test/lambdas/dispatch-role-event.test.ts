import { describe, expect, it } from 'vitest';
import { dispatchRoleEvent } from '../../lambdas/dispatch-role-event/handler.ts';
import { MEMBER } from '../../simulator/settings.ts';
import { World } from '../workflows/world.ts';

function arranged() {
  const world = new World();
  const started: string[] = [];
  const failed = new Set<string>();
  const ports = {
    ...world.portsOf('dispatch-role-event'),
    executions: {
      start: async (_: string, name: string) => {
        if (started.includes(name)) return 'exists' as const;
        started.push(name);
        return 'started' as const;
      },
      isDoneOrRunning: async (_: string, name: string) => !failed.has(name),
    },
  };
  const role = world.accounts.createRole({
    accountId: MEMBER,
    roleName: 'deploy',
    trustPolicy: world.trustPolicy(),
  });
  const event = world.createRoleEvent(MEMBER, role);
  const dispatch = (...bodies: string[]) => {
    const Records = bodies.map((body, index) => ({ messageId: `m${index}`, body }));
    return dispatchRoleEvent(ports, world.settings)({ Records } as never);
  };
  return { world, ports, started, failed, event, id: event.detail.eventID, dispatch };
}

describe('dispatch-role-event', () => {
  it('starts one execution, named for the event', async () => {
    const { started, event, id, dispatch } = arranged();
    expect(await dispatch(JSON.stringify(event), JSON.stringify(event))).toEqual({ batchItemFailures: [] });
    expect(started).toEqual([id]);
  });

  it('starts a retry for each execution of the event that has failed', async () => {
    const { started, failed, event, id, dispatch } = arranged();
    for (let times = 0; times < 3; times++) {
      await dispatch(JSON.stringify(event));
      failed.add(started.at(-1) ?? '');
    }
    expect(started).toEqual([id, `${id}-r1`, `${id}-r2`]);
  });

  it('gives up on an event that fails for ever', async () => {
    const { ports, event, dispatch } = arranged();
    ports.executions.start = async () => 'exists';
    ports.executions.isDoneOrRunning = async () => false;
    expect(await dispatch(JSON.stringify(event))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
  });

  it('reports the items that failed, and no others', async () => {
    const { world, started, event, id, dispatch } = arranged();
    const { batchItemFailures } = await dispatch('no JSON', JSON.stringify(event), '{"a":1}');
    expect(batchItemFailures).toEqual([{ itemIdentifier: 'm0' }]);
    expect(started).toEqual([id]);
    expect(world.telemetry.counted('MalformedEvent')).toBe(1);
    expect(world.telemetry.counted('RoleEventIgnored')).toBe(1);
  });

  it('reports an item where Step Functions does not answer', async () => {
    const { ports, event, dispatch } = arranged();
    ports.executions.start = () => Promise.reject(new Error('socket hang up'));
    expect(await dispatch(JSON.stringify(event))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
  });

  it('passes no policy on', async () => {
    const { world, ports, event, dispatch } = arranged();
    const inputs: unknown[] = [];
    ports.executions.start = async (...[, , input]: unknown[]) => {
      inputs.push(input);
      return 'started';
    };
    await dispatch(JSON.stringify(event));
    expect(JSON.stringify([inputs, world.telemetry.events])).not.toContain('Statement');
    expect(inputs).toEqual([
      {
        accountId: MEMBER,
        roleName: 'deploy',
        roleId: world.role().roleId,
        eventId: expect.any(String),
        eventTime: expect.any(String),
        createdBy: expect.any(String),
      },
    ]);
  });
});
