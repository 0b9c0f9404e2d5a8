/** Archives and replays. */

import type * as Events from '@aws-sdk/client-eventbridge';
import { ResourceAlreadyExistsException } from '@aws-sdk/client-eventbridge';
import type { OperationHandler, SandboxTime, ServiceCall } from '../cloud.ts';
import { compileEventPattern } from './event-pattern.ts';
import {
  type Archive,
  type Arrival,
  type Bus,
  type EventEnvelope,
  type EventsStore,
  eventsPage,
  invalid,
  notFound,
  refuseMembers,
} from './events-model.ts';
import { arnOf } from './regional.ts';

const DAY = 86_400_000;
const NAME = /^[\w.-]{1,64}$/;
const ARCHIVE_NAME = /^[\w.-]{1,48}$/;

type Replay = Omit<Events.DescribeReplayResponse, '$metadata'> & { ReplayName: string; accountId: string };

interface Archives {
  /** Keeps an event in the bus's archives; a replayed one is not kept again. */
  keep(bus: Bus, event: EventEnvelope): void;
  readonly operations: Record<string, OperationHandler>;
}

/** `receive` puts an event on a bus. */
export function createArchives(
  store: EventsStore,
  time: SandboxTime,
  receive: (bus: Bus, event: EventEnvelope, arrival: Arrival) => void,
): Archives {
  const replays = new Map<string, Replay>();

  function authorized(name: string | undefined, action: string, call: ServiceCall): Archive {
    const resource = arnOf('events', call.region, call.caller.accountId, `archive/${name}`);
    call.authorize({ action: `events:${action}`, resource });
    const archive = store.of(call.caller.accountId, call.region).archives.get(name ?? '');
    if (!archive) throw notFound(`Archive ${name}`);
    return archive;
  }

  function alive(archive: Archive): Archive['events'] {
    if (archive.retentionDays > 0) {
      const oldest = time.now() - archive.retentionDays * DAY * time.scale;
      const firstKept = archive.events.findIndex(({ archivedAt }) => archivedAt >= oldest);
      archive.events.splice(0, firstKept < 0 ? archive.events.length : firstKept);
    }
    return archive.events;
  }

  const shown = (archive: Archive) => ({
    ArchiveName: archive.name,
    EventSourceArn: archive.bus.arn,
    State: 'ENABLED',
    RetentionDays: archive.retentionDays,
    SizeBytes: alive(archive).reduce((sum, { bytes }) => sum + bytes, 0),
    EventCount: alive(archive).length,
    CreationTime: archive.createdAt,
  });

  /** The events of the window go to the bus again, oldest first; how far it has come can be asked meanwhile. */
  async function run(
    replay: Replay,
    archive: Archive,
    onlyRules: readonly string[] | undefined,
  ): Promise<void> {
    const [from = 0, to = 0] = [replay.EventStartTime, replay.EventEndTime].map((date) => seconds(date));
    const events = alive(archive).filter(({ event }) => {
      const at = seconds(new Date(event.time));
      return at >= from && at <= to;
    });
    replay.State = 'RUNNING';
    for (const { event } of events) {
      await new Promise(setImmediate);
      const again = { ...event, 'replay-name': replay.ReplayName };
      receive(archive.bus, again, { forwarded: false, ...(onlyRules && { onlyRules }) });
      replay.EventLastReplayedTime = new Date(event.time);
    }
    replay.State = 'COMPLETED';
    replay.ReplayEndTime = new Date(time.now());
  }

  return {
    keep(bus, event) {
      if (event['replay-name'] !== undefined) return;
      for (const archive of store.of(bus.accountId, bus.region).archives.values()) {
        if (archive.bus !== bus || archive.pattern?.matches(event) === false) continue;
        const bytes = Buffer.byteLength(JSON.stringify(event));
        archive.events.push({ event, archivedAt: time.now(), bytes });
      }
    },

    operations: {
      CreateArchive(input: Events.CreateArchiveRequest, call) {
        const { ArchiveName: name = '', Description: description, RetentionDays: retentionDays = 0 } = input;
        refuseMembers(input, ['KmsKeyIdentifier']);
        const arn = arnOf('events', call.region, call.caller.accountId, `archive/${name}`);
        call.authorize({ action: 'events:CreateArchive', resource: arn });
        const bus = store.ownBus(input.EventSourceArn, call);
        const { archives } = store.of(bus.accountId, bus.region);
        if (!ARCHIVE_NAME.test(name)) throw invalid(`Archive name ${name} is not valid.`);
        if (archives.has(name)) throw exists(`Archive ${name}`);
        const archive: Archive = {
          name,
          arn,
          bus,
          ...(input.EventPattern !== undefined && { pattern: compileEventPattern(input.EventPattern) }),
          ...(description !== undefined && { description }),
          retentionDays,
          createdAt: new Date(time.now()),
          events: [],
        };
        archives.set(name, archive);
        return { ArchiveArn: arn, State: 'ENABLED', CreationTime: archive.createdAt };
      },

      DescribeArchive(input: Events.DescribeArchiveRequest, call) {
        const archive = authorized(input.ArchiveName, 'DescribeArchive', call);
        return {
          ...shown(archive),
          ArchiveArn: archive.arn,
          ...(archive.description !== undefined && { Description: archive.description }),
          ...(archive.pattern && { EventPattern: archive.pattern.source }),
        };
      },

      ListArchives(input: Events.ListArchivesRequest, call) {
        refuseMembers(input, ['State']);
        const { accountId } = call.caller;
        call.authorize({
          action: 'events:ListArchives',
          resource: arnOf('events', call.region, accountId, 'archive/*'),
        });
        const found = [...store.of(accountId, call.region).archives.values()].filter(
          (archive) =>
            archive.name.startsWith(input.NamePrefix ?? '') &&
            (input.EventSourceArn === undefined || archive.bus.arn === input.EventSourceArn),
        );
        return eventsPage('Archives', found.map(shown), input);
      },

      DeleteArchive(input: Events.DeleteArchiveRequest, call) {
        const archive = authorized(input.ArchiveName, 'DeleteArchive', call);
        store.of(archive.bus.accountId, archive.bus.region).archives.delete(archive.name);
        return {};
      },

      StartReplay(input: Events.StartReplayRequest, call) {
        const { ReplayName: name = '', EventStartTime: from, EventEndTime: to, Destination } = input;
        const { accountId } = call.caller;
        const arn = arnOf('events', call.region, accountId, `replay/${name}`);
        call.authorize({ action: 'events:StartReplay', resource: arn });
        if (!NAME.test(name)) throw invalid(`Replay name ${name} is not valid.`);
        if (replays.has(arn)) throw exists(`Replay ${name}`);
        const { archives } = store.of(accountId, call.region);
        const archive = [...archives.values()].find((one) => one.arn === input.EventSourceArn);
        if (!archive) throw notFound(`Archive ${input.EventSourceArn}`);
        if (Destination?.Arn !== archive.bus.arn) throw invalid('Cross event bus replay is not permitted.');
        if (!from || !to || from >= to) throw invalid('EventStartTime must be before EventEndTime.');
        const rules = new Set([...archive.bus.rules.values()].map((rule) => rule.arn));
        const unknown = Destination.FilterArns?.find((rule) => !rules.has(rule));
        if (unknown !== undefined) throw notFound(`Rule ${unknown}`);
        const replay: Replay = {
          accountId,
          ReplayName: name,
          ReplayArn: arn,
          ...(input.Description !== undefined && { Description: input.Description }),
          State: 'STARTING',
          EventSourceArn: archive.arn,
          Destination,
          EventStartTime: from,
          EventEndTime: to,
          ReplayStartTime: new Date(time.now()),
        };
        replays.set(arn, replay);
        void run(replay, archive, Destination.FilterArns);
        return { ReplayArn: arn, State: 'STARTING', ReplayStartTime: replay.ReplayStartTime };
      },

      DescribeReplay(input: Events.DescribeReplayRequest, call) {
        const arn = arnOf('events', call.region, call.caller.accountId, `replay/${input.ReplayName}`);
        call.authorize({ action: 'events:DescribeReplay', resource: arn });
        const replay = replays.get(arn);
        if (!replay) throw notFound(`Replay ${input.ReplayName}`);
        const { accountId: _, ...described } = replay;
        return described;
      },
    },
  };
}

/** Replays go by the events' own time, which is in whole seconds. */
const seconds = (date: Date | undefined): number => Math.floor((date?.getTime() ?? 0) / 1000);

const exists = (what: string) =>
  new ResourceAlreadyExistsException({ message: `${what} already exists.`, $metadata: {} });
