/** Amazon SNS: topics with their policies, and subscriptions by e-mail and of queues. */
import { randomUUID } from 'node:crypto';
import { parsePolicy } from '../../core/policy/document.ts';
import type { Policy } from '../../core/policy/types.ts';
import { type Caller, type Cloud, type ServiceCall, type ServiceDefinition, ServiceError } from '../cloud.ts';
import { arnOf, pageOf, parseArn, Regional } from './regional.ts';
import type { SqsService } from './sqs.ts';

interface Subscription {
  readonly arn: string;
  readonly protocol: 'email' | 'sqs';
  readonly endpoint: string;
}

interface Topic {
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  readonly attributes: Map<string, string>;
  policy?: Policy;
  readonly subscriptions: Subscription[];
}

const ATTRIBUTES = ['DisplayName', 'KmsMasterKeyId', 'Policy'];
const SERVICE = 'sns.amazonaws.com';
const MAX_BYTES = 262_144;

export interface SnsOptions {
  readonly sqs: Pick<SqsService, 'queueUrl'>;
  /** Told of what could not be delivered: SNS tells nobody. */
  readonly report: (problem: unknown) => void;
}

export function createSns(cloud: Cloud, options: SnsOptions): ServiceDefinition {
  const regions = new Regional(() => new Map<string, Topic>());

  function authorized(topicArn: string | undefined, action: string, call: ServiceCall): Topic {
    const arn = parseArn(topicArn ?? '');
    const topic = arn && regions.of(arn.accountId, call.region).get(arn.resource);
    if (!topic) throw new ServiceError('NotFound', 'Topic does not exist', 404);
    call.authorize({
      action: `sns:${action}`,
      resource: topic.arn,
      resourceAccountId: topic.accountId,
      ...(topic.policy && { resourcePolicy: topic.policy }),
    });
    return topic;
  }

  function setAttribute(topic: Topic, name: string, value: string): void {
    if (!ATTRIBUTES.includes(name)) throw invalid(`AttributeName ${name} is not served`);
    if (name === 'Policy') {
      try {
        topic.policy = parsePolicy(value, `policy of ${topic.arn}`, 'resource');
      } catch (cause) {
        throw Object.assign(invalid('Policy statement is not valid'), { cause });
      }
    }
    topic.attributes.set(name, value);
  }

  async function deliver(topic: Topic, { endpoint }: Subscription, notification: object): Promise<void> {
    const as: Caller = {
      principal: { type: 'service', service: SERVICE },
      accountId: '',
      context: { 'aws:SourceArn': topic.arn, 'aws:SourceAccount': topic.accountId },
    };
    const input = { QueueUrl: options.sqs.queueUrl(endpoint), MessageBody: JSON.stringify(notification) };
    await cloud.invoke('sqs', 'SendMessage', input, as, topic.region);
  }

  return {
    id: 'sns',
    operations: {
      CreateTopic(input: { Name: string; Attributes?: Record<string, string> }, call) {
        const { accountId } = call.caller;
        const arn = arnOf('sns', call.region, accountId, input.Name);
        call.authorize({ action: 'sns:CreateTopic', resource: arn });
        if (!/^[\w-]{1,256}$/.test(input.Name)) throw invalid('Topic Name');
        const topics = regions.of(accountId, call.region);
        const topic: Topic = topics.get(input.Name) ?? {
          arn,
          accountId,
          region: call.region,
          attributes: new Map(),
          subscriptions: [],
        };
        for (const [name, value] of Object.entries(input.Attributes ?? {})) setAttribute(topic, name, value);
        topics.set(input.Name, topic);
        return { TopicArn: arn };
      },

      /** Its subscriptions go along. */
      DeleteTopic(input: { TopicArn: string }, call) {
        const topic = authorized(input.TopicArn, 'DeleteTopic', call);
        regions.of(topic.accountId, topic.region).delete(parseArn(topic.arn)?.resource ?? '');
        return {};
      },

      SetTopicAttributes(input: { TopicArn: string; AttributeName: string; AttributeValue?: string }, call) {
        const topic = authorized(input.TopicArn, 'SetTopicAttributes', call);
        setAttribute(topic, input.AttributeName, input.AttributeValue ?? '');
        return {};
      },

      GetTopicAttributes(input: { TopicArn: string }, call) {
        const topic = authorized(input.TopicArn, 'GetTopicAttributes', call);
        return { Attributes: { TopicArn: topic.arn, ...Object.fromEntries(topic.attributes) } };
      },

      ListTopics(input: { NextToken?: string }, call) {
        call.authorize({ action: 'sns:ListTopics', resource: '*' });
        const topics = [...regions.of(call.caller.accountId, call.region).values()];
        const { items, next } = page(topics, input.NextToken);
        return { Topics: items.map(({ arn }) => ({ TopicArn: arn })), ...(next && { NextToken: next }) };
      },

      Subscribe(input: { TopicArn: string; Protocol: string; Endpoint?: string }, call) {
        const topic = authorized(input.TopicArn, 'Subscribe', call);
        const { Protocol: protocol, Endpoint: endpoint = '' } = input;
        if (protocol !== 'email' && protocol !== 'sqs') {
          throw invalid('The sandbox knows the protocols email and sqs');
        }
        const fits = protocol === 'email' ? endpoint.includes('@') : parseArn(endpoint)?.service === 'sqs';
        if (!fits) throw invalid('Endpoint');
        const arn = `${topic.arn}:${randomUUID()}`;
        topic.subscriptions.push({ arn, protocol, endpoint });
        // Somebody would have to follow the link of an e-mail first.
        return { SubscriptionArn: protocol === 'email' ? 'pending confirmation' : arn };
      },

      ListSubscriptionsByTopic(input: { TopicArn: string; NextToken?: string }, call) {
        const topic = authorized(input.TopicArn, 'ListSubscriptionsByTopic', call);
        const { items, next } = page(topic.subscriptions, input.NextToken);
        const Subscriptions = items.map(({ arn, protocol, endpoint }) => ({
          SubscriptionArn: protocol === 'email' ? 'PendingConfirmation' : arn,
          Owner: topic.accountId,
          Protocol: protocol,
          Endpoint: endpoint,
          TopicArn: topic.arn,
        }));
        return { Subscriptions, ...(next && { NextToken: next }) };
      },

      Publish(input: { TopicArn?: string; Subject?: string; Message: string }, call) {
        const topic = authorized(input.TopicArn, 'Publish', call);
        const { Subject, Message } = input;
        if (Message === '' || Buffer.byteLength(Message) > MAX_BYTES) throw invalid('Message');
        // As the API reference has it: ASCII, begins with no blank, no line break, up to 100.
        if (Subject !== undefined && !/^[!-~][ -~]{0,99}$/.test(Subject)) throw invalid('Subject');
        const notification = {
          Type: 'Notification',
          MessageId: randomUUID(),
          TopicArn: topic.arn,
          ...(Subject !== undefined && { Subject }),
          Message,
          Timestamp: new Date(cloud.time.now()).toISOString(),
        };
        for (const subscription of topic.subscriptions) {
          if (subscription.protocol !== 'sqs') continue;
          deliver(topic, subscription, notification).catch(options.report);
        }
        return { MessageId: notification.MessageId };
      },
    },
  };
}

const page = <Item>(items: readonly Item[], token: string | undefined) =>
  pageOf(items, { limit: 100, token, refuse: () => invalid('NextToken') });

const invalid = (what: string) => new ServiceError('InvalidParameter', `Invalid parameter: ${what}`);
