/** Alarms and topics of a deployed factory, as its team sees them. */
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { AlarmId } from '../../core/alarms.ts';
import { until } from '../../sandbox/clients.ts';
import { administratorKeys, clientsOf } from './callers.ts';
import type { Factory } from './harness.ts';

interface Alarm {
  readonly AlarmDescription: string;
  readonly StateValue: string;
}

/** A call as an administrator of the factory account, or of another one. */
export const asOperator = <Output>(
  { sandbox }: Factory,
  service: 'monitoring' | 'sns',
  operation: string,
  input: object,
  accountId: string = sandbox.world.factoryAccountId,
): Promise<Output> => {
  const { aws, world, administrator } = sandbox;
  const { caller } = administrator(accountId);
  return aws.cloud.invoke<Output>(service, operation, input, caller, world.region);
};

export async function alarmStates(
  factory: Factory,
  accountId?: string,
): Promise<ReadonlyMap<string, string>> {
  const { MetricAlarms } = await asOperator<{ MetricAlarms: Alarm[] }>(
    factory,
    'monitoring',
    'DescribeAlarms',
    { MaxRecords: 100 },
    accountId,
  );
  return new Map(
    MetricAlarms.map(({ AlarmDescription, StateValue }) => [
      AlarmDescription.split('#')[1] ?? '',
      StateValue,
    ]),
  );
}

/** Of the factory account, or of another one. */
export const alarmIs = (
  factory: Factory,
  id: AlarmId,
  state: 'ALARM' | 'OK',
  accountId?: string,
): Promise<true> =>
  until(`${state} of ${id}`, async () =>
    (await alarmStates(factory, accountId)).get(id) === state ? true : undefined,
  );

interface Received {
  readonly Subject: string;
  readonly Message: string;
}

/** Subscribes a queue to a topic; answers what has come so far. */
export async function subscribed(factory: Factory, name: 'Platform' | 'Digest'): Promise<() => Received[]> {
  const { world, stacks } = factory.sandbox;
  const stack = stacks.find(({ accountId }) => accountId === world.factoryAccountId);
  const topic = [...(stack?.resources ?? [])].find(([id]) =>
    new RegExp(`^Notifications${name}[0-9A-F]{8}$`).test(id),
  )?.[1].ref;
  const { sqs } = clientsOf(factory, administratorKeys(factory, world.factoryAccountId));
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `reads-${name}` }));
  const arn = `arn:aws:sqs:${world.region}:${world.factoryAccountId}:reads-${name}`;
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arn,
        Condition: { ArnEquals: { 'aws:SourceArn': topic } },
      },
    ],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await asOperator(factory, 'sns', 'Subscribe', { TopicArn: topic, Protocol: 'sqs', Endpoint: arn });
  const received: Received[] = [];
  const read = async (): Promise<void> => {
    for (;;) {
      const { Messages } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 43_200,
          WaitTimeSeconds: 20,
        }),
      );
      received.push(...(Messages ?? []).map(({ Body = '{}' }) => JSON.parse(Body) as Received));
    }
  };
  // Until the cloud is gone.
  read().catch(() => undefined);
  return () => received;
}

/** The message on the topic that fits. */
export const message = (received: () => readonly Received[], fits: RegExp): Promise<Received> =>
  until(`a message ${fits}`, async () =>
    received().find(({ Subject, Message }) => fits.test(`${Subject}\n${Message}`)),
  );
