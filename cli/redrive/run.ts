import { SQSClient, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { groupLetters, type LetterGroup } from '../../core/dead-letters.ts';
import { agreed } from '../agree.ts';
import { calling, clientConfig } from '../aws.ts';
import { type DeployedFactory, deployedFactory, type FactoryOptions } from '../factory.ts';
import { EXIT } from '../failure.ts';
import type { Io } from '../io.ts';
import { table } from '../table.ts';
import { type DeadLetterQueue, deadLetterQueues, sampleOf } from './queues.ts';

export interface RedriveOptions extends FactoryOptions {
  readonly yes?: true;
  readonly json?: true;
}

type Shown = DeadLetterQueue & { readonly sample: readonly LetterGroup[] };

export async function redrive(io: Io, given: RedriveOptions): Promise<void> {
  const factory = await deployedFactory(io, given);
  const full = (await deadLetterQueues(io, factory)).filter(({ waiting }) => waiting > 0);
  const queues: Shown[] = await Promise.all(
    full.map(async (queue) => ({ ...queue, sample: groupLetters(await sampleOf(io, factory, queue)) })),
  );
  const say = given.json ? io.tell : io.out;
  for (const queue of queues) show(queue, say, io.width);
  const movable = queues.filter(({ redrivable }) => redrivable);
  if (movable.length === 0) {
    say(queues.length === 0 ? 'No dead letters.' : 'None of these can be redriven.');
    io.exitCode = queues.length === 0 ? EXIT.ok : EXIT.no;
  } else if (await agreed(io, given.yes, 'Put these messages back on their queues?')) {
    for (const queue of movable) await move(io, factory, queue);
    say(`${movable.length} queues are being redriven; look again in a minute.`);
  }
  if (given.json) io.out(JSON.stringify({ queues, moved: io.exitCode === EXIT.ok ? movable.length : 0 }));
}

function show(
  { name, waiting, redrivable, sample }: Shown,
  say: (line: string) => void,
  width?: number,
): void {
  const how = redrivable ? '' : ' (of a rule: see replay, then purge it)';
  say(`${name}: ${waiting} waiting${how}; of a sample:`);
  const rows = sample.map(({ count, kind, accountId, roleName, errorCode }) => [
    String(count),
    kind,
    accountId,
    roleName,
    errorCode,
  ]);
  for (const line of table([['COUNT', 'KIND', 'ACCOUNT', 'ROLE', 'CODE'], ...rows], width)) say(`  ${line}`);
}

const move = (io: Io, { options }: DeployedFactory, { arn, name }: DeadLetterQueue): Promise<unknown> =>
  calling(`sqs:StartMessageMoveTask ${name}`, () =>
    new SQSClient(clientConfig(io, options)).send(new StartMessageMoveTaskCommand({ SourceArn: arn })),
  );
