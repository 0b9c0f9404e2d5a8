import { describe, expect, it } from 'vitest';
import { audience } from '../../core/ids.ts';
import { dispatchRoleEvent } from '../../lambdas/dispatch-role-event/handler.ts';
import { MEMBER } from '../../simulator/settings.ts';
import { eventFixture } from '../fixtures/events.ts';
import { World } from '../workflows/world.ts';
import { ENTRY } from './entries.ts';

function arranged() {
  const world = new World();
  const started: string[] = [];
  const failed = new Set<string>();
  const beats: string[] = [];
  const ports = {
    ...world.portsOf('dispatch-role-event'),
    ledger: world.ledger,
    executions: {
      start: async (_: string, name: string) => {
        if (started.includes(name)) return 'exists' as const;
        started.push(name);
        return 'started' as const;
      },
      isDoneOrRunning: async (_: string, name: string) => !failed.has(name),
    },
    records: {
      heartbeatSeen: async (account: string, at: string) => void beats.push(`${account} ${at}`),
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
  return { world, ports, started, failed, beats, event, id: event.detail.eventID, dispatch };
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

  it('starts the workflow that an event asks for', async () => {
    const { ports, dispatch } = arranged();
    const workflows: unknown[] = [];
    ports.executions.start = async (workflow: string) => {
      workflows.push(workflow);
      return 'started';
    };
    const names = ['create-role.inspect-member-role', 'delete-provider', 'tag-role.ignore'];
    await dispatch(...names.map((name) => JSON.stringify(eventFixture(name))));
    expect(workflows.toSorted()).toEqual(['create-role', 'enrol-account', 'enrol-account']);
  });

  it('has the role inspected that the ledger knows by the audience which was removed', async () => {
    const { world, started, dispatch } = arranged();
    const removal = { ...ENTRY, audience: audience('api://a9900000-0000-4000-8000-000000000001') };
    await world.ledger.write(removal, undefined);
    await dispatch(JSON.stringify(eventFixture('remove-client-id')));
    expect(started).toEqual([`0d1f7a52-94c3-4d6e-8a57-3b6a2f1c9e01-${ENTRY.roleId}`]);
  });

  it('records a heartbeat, and starts nothing', async () => {
    const { started, beats, dispatch } = arranged();
    await dispatch(JSON.stringify(eventFixture('tag-provider.heartbeat')));
    expect(beats).toEqual(['111122223333 2026-03-02T09:15:27.000Z']);
    expect(started).toEqual([]);
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
