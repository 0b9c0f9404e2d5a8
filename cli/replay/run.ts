import { isDeepStrictEqual } from 'node:util';
import {
  DescribeArchiveCommand,
  type DescribeArchiveResponse,
  DescribeReplayCommand,
  EventBridgeClient,
  ListArchivesCommand,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import { agreed } from '../agree.ts';
import { calling, clientConfig } from '../aws.ts';
import { eventReads } from '../doctor/event-reads.ts';
import { type DeployedFactory, deployedFactory, type FactoryOptions } from '../factory.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import type { Io } from '../io.ts';

export interface ReplayOptions extends FactoryOptions {
  readonly from: Date;
  readonly to: Date;
  readonly yes?: true;
  readonly json?: true;
}

export async function replay(io: Io, given: ReplayOptions): Promise<void> {
  const { from, to } = given;
  if (from >= to) throw new CommandFailure('usage', 'InvalidArguments', '--from must be before --to');
  const factory = await deployedFactory(io, given);
  const events = new EventBridgeClient(clientConfig(io, factory.options));
  const { prefix, caller } = factory;
  const busArn = `arn:${caller.partition}:events:${caller.region}:${caller.accountId}:event-bus/${prefix}`;
  const archive = await archiveOf(events, busArn);
  const ruleArn = await ruleFor(io, factory, archive);
  const say = given.json ? io.tell : io.out;
  say(`Archive  ${archive.ArchiveName}: ${archive.EventCount} events of ${archive.RetentionDays} days`);
  say(`Window   ${from.toISOString()} to ${to.toISOString()}, by the events' own time`);
  say(`To       ${ruleArn} alone`);
  say('How many events the window holds, AWS does not say. Whatever is done already stays as it is.');
  if (!(await agreed(io, given.yes, 'Replay them?'))) return;
  const name = `${prefix}-${Date.now()}`.slice(-64);
  await calling(`events:StartReplay ${name}`, () =>
    events.send(
      new StartReplayCommand({
        ReplayName: name,
        EventSourceArn: archive.ArchiveArn,
        EventStartTime: from,
        EventEndTime: to,
        Destination: { Arn: busArn, FilterArns: [ruleArn] },
      }),
    ),
  );
  const state = await untilOver(io, events, name);
  if (given.json) io.out(JSON.stringify({ replay: name, state }));
  else io.out(`${name}: ${state}`);
  if (state !== 'COMPLETED') io.exitCode = EXIT.no;
}

/** The bus has one archive of the factory's own. */
async function archiveOf(events: EventBridgeClient, busArn: string): Promise<DescribeArchiveResponse> {
  const { Archives = [] } = await calling('events:ListArchives', () =>
    events.send(new ListArchivesCommand({ EventSourceArn: busArn })),
  );
  const [archive] = Archives;
  if (archive === undefined || Archives.length > 1) {
    const message = `The bus ${busArn} has ${Archives.length} archives, expected one`;
    throw new CommandFailure('refused', 'ArchiveNotFound', message);
  }
  return calling(`events:DescribeArchive ${archive.ArchiveName}`, () =>
    events.send(new DescribeArchiveCommand({ ArchiveName: archive.ArchiveName })),
  );
}

/** The rule that takes what the archive keeps: to the dispatcher, and not to others on the same bus. */
async function ruleFor(
  io: Io,
  { options, prefix, caller }: DeployedFactory,
  { EventPattern: kept }: DescribeArchiveResponse,
): Promise<string> {
  const rules = await eventReads(io, options).rulesOf(prefix);
  const pattern = (text: string | undefined): unknown => JSON.parse(text ?? '{}');
  const rule = rules.find((one) => isDeepStrictEqual(pattern(one.pattern), pattern(kept)));
  if (rule) {
    return `arn:${caller.partition}:events:${caller.region}:${caller.accountId}:rule/${prefix}/${rule.name}`;
  }
  throw new CommandFailure(
    'refused',
    'RuleNotFound',
    `No rule of bus ${prefix} takes what the archive keeps`,
    {
      remedy: 'Deploy the factory stack again: archive and rule have one pattern.',
    },
  );
}

const PAUSE_MS = 5_000;

/** EventBridge replays at its own pace: minutes for thousands of events. */
async function untilOver(io: Io, events: EventBridgeClient, name: string): Promise<string> {
  for (;;) {
    const { State = '', EventLastReplayedTime: last } = await calling(`events:DescribeReplay ${name}`, () =>
      events.send(new DescribeReplayCommand({ ReplayName: name })),
    );
    if (State !== 'STARTING' && State !== 'RUNNING') return State;
    io.tell(`${State.toLowerCase()}${last ? `, as far as ${last.toISOString()}` : ''}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
