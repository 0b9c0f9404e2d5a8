import { type Creator, policyText, present } from './creator.ts';

export const SNS_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::SNS::Topic': (properties, { invoke, physicalName }) => {
    const Name = properties.optional('TopicName', 'string') ?? physicalName(256);
    const Attributes = present({
      DisplayName: properties.optional('DisplayName', 'string'),
      KmsMasterKeyId: properties.optional('KmsMasterKeyId', 'string'),
    });
    return async () => {
      const { TopicArn = '' } = await invoke<{ TopicArn?: string }>('sns', 'CreateTopic', {
        Name,
        Attributes,
      });
      return {
        ref: TopicArn,
        attributes: { TopicArn, TopicName: Name },
        remove: () => invoke('sns', 'DeleteTopic', { TopicArn }),
      };
    };
  },

  'AWS::SNS::TopicPolicy': (properties, { invoke, physicalName }) => {
    const AttributeValue = policyText(properties.required('PolicyDocument', 'any'));
    const topics = properties.required('Topics', 'array');
    return async () => {
      for (const TopicArn of topics) {
        await invoke('sns', 'SetTopicAttributes', { TopicArn, AttributeName: 'Policy', AttributeValue });
      }
      return { ref: physicalName(128) };
    };
  },

  'AWS::SNS::Subscription': (properties, { invoke }) => {
    const input = {
      TopicArn: properties.required('TopicArn', 'string'),
      Protocol: properties.required('Protocol', 'string'),
      Endpoint: properties.required('Endpoint', 'string'),
    };
    return async () => {
      const { SubscriptionArn = '' } = await invoke<{ SubscriptionArn?: string }>('sns', 'Subscribe', input);
      // It goes with its topic.
      return { ref: SubscriptionArn };
    };
  },
};
