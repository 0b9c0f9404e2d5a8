/** The dead-letter queues of a deployed factory: what its bus and its fixed names lead to. */
import { LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { GetQueueUrlCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { DeadLetter } from '../../core/dead-letters.ts';
import { NOTIFY_FUNCTION } from '../../core/naming.ts';
import { calling, clientConfig, lookingUp } from '../aws.ts';
import { eventReads } from '../doctor/event-reads.ts';
import type { DeployedFactory } from '../factory.ts';
import type { Io } from '../io.ts';

export interface DeadLetterQueue {
  readonly arn: string;
  readonly name: string;
  /** Whether SQS can put the messages back where they came from; those of a rule it cannot. */
  readonly redrivable: boolean;
  readonly waiting: number;
}

export async function deadLetterQueues(io: Io, factory: DeployedFactory): Promise<DeadLetterQueue[]> {
  const { options, prefix } = factory;
  const reads = eventReads(io, options);
  const rules = await reads.rulesOf(prefix);
  const targets = (await Promise.all(rules.map(({ name }) => reads.targets(prefix, name)))).flat();
  const sources = [
    ...targets.map(({ arn }) => arn).filter((arn) => arn.split(':')[2] === 'sqs'),
    ...(await queuesOf(io, factory, `${prefix}-${NOTIFY_FUNCTION}`)),
  ];
  const own = await Promise.all(sources.map(async (arn) => (await reads.queue(arn))?.deadLetterArn));
  const found = [
    ...own.map((arn) => ({ arn, redrivable: true })),
    ...targets.map(({ deadLetterArn }) => ({ arn: deadLetterArn, redrivable: false })),
  ];
  const all = new Map(found.flatMap(({ arn, redrivable }) => (arn ? [[arn, redrivable] as const] : [])));
  return Promise.all(
    [...all].map(async ([arn, redrivable]) => ({
      arn,
      name: arn.slice(arn.lastIndexOf(':') + 1),
      redrivable,
      waiting: (await reads.queue(arn))?.waiting ?? 0,
    })),
  );
}

/** Of the queues that a function reads. */
async function queuesOf(io: Io, { options }: DeployedFactory, functionName: string): Promise<string[]> {
  const lambda = new LambdaClient(clientConfig(io, options));
  const found = await lookingUp(`lambda:ListEventSourceMappings ${functionName}`, () =>
    lambda.send(new ListEventSourceMappingsCommand({ FunctionName: functionName })),
  );
  return (found?.EventSourceMappings ?? []).flatMap(({ EventSourceArn: arn }) => (arn ? [arn] : []));
}

/** Some of the messages, which stay where they are and visible. */
export async function sampleOf(
  io: Io,
  { options }: DeployedFactory,
  { name }: DeadLetterQueue,
): Promise<DeadLetter[]> {
  const sqs = new SQSClient(clientConfig(io, options));
  const { QueueUrl } = await calling(`sqs:GetQueueUrl ${name}`, () =>
    sqs.send(new GetQueueUrlCommand({ QueueName: name })),
  );
  const { Messages = [] } = await calling(`sqs:ReceiveMessage ${name}`, () =>
    sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
        MessageAttributeNames: ['ERROR_CODE'],
      }),
    ),
  );
  return Messages.map(letterOf);
}

function letterOf({ Body: body = '', MessageAttributes }: Message): DeadLetter {
  const errorCode = MessageAttributes?.ERROR_CODE?.StringValue;
  return { body, ...(errorCode !== undefined && { errorCode }) };
}
