/** Queues of a deployed factory, as an administrator of their account reads them. */
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { until } from '../../sandbox/clients.ts';
import type { DeployedStack } from '../../sandbox/cloudformation/deploy-stack.ts';
import { administratorKeys } from './callers.ts';
import type { Factory } from './harness.ts';

export interface DeployedQueue {
  readonly url: string;
  readonly arn: string;
  readonly sqs: SQSClient;
  /** Lets a rule put messages here as well, beside whom the template admits. */
  admit(ruleArn: string): Promise<void>;
}

/** The queue that the templates call `name`, in this account. */
export function queueOf(
  factory: Factory,
  accountId: string,
  name: string,
  stack: DeployedStack | undefined = factory.sandbox.stacks.find((one) => one.accountId === accountId),
): DeployedQueue {
  // CDK appends a hash to the construct's name.
  const isIt = new RegExp(`^(RoleEvents)?${name}[0-9A-F]{8}$`);
  const created = [...(stack?.resources ?? [])].find(([id]) => isIt.test(id))?.[1];
  const arn = created?.attributes?.Arn;
  if (!arn) throw new Error(`No queue ${name} is deployed in ${accountId}`);
  const credentials = administratorKeys(factory, accountId);
  const { ref: QueueUrl } = created;
  const sqs = new SQSClient({ ...factory.awsOptions, credentials });
  return {
    url: QueueUrl,
    arn,
    sqs,
    async admit(ruleArn) {
      const answer = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }));
      const policy = JSON.parse(answer.Attributes?.Policy ?? '{}');
      const statement = {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arn,
        Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
      };
      const Policy = JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] });
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    },
  };
}

/** Takes one message off the queue, once there is one that fits. Others stay hidden for a while. */
export const taken = (
  { sqs, url }: DeployedQueue,
  what: string,
  fits: (message: Message) => boolean = () => true,
): Promise<Message> =>
  until(`${what} in ${url}`, async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        VisibilityTimeout: 1,
      }),
    );
    const found = Messages.find(fits);
    if (found)
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: found.ReceiptHandle }));
    return found;
  });

/** Why EventBridge gave the event up. */
export const reasonOf = (message: Message): string | undefined =>
  message.MessageAttributes?.ERROR_CODE?.StringValue;
