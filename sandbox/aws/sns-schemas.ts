/**
 * Amazon SNS's operations as far as they are served.
 * https://docs.aws.amazon.com/sns/latest/api/API_Operations.html
 */
import { STRING, schemasOf, TEXTS } from './model-schemas.ts';

const { structure, listOf, operation, error } = schemasOf('com.amazonaws.sns');

const topic = { TopicArn: STRING };
const page = { NextToken: STRING };
const subscriptions = listOf('SubscriptionsList', () =>
  structure(
    'Subscription',
    {},
    { SubscriptionArn: STRING, Owner: STRING, Protocol: STRING, Endpoint: STRING, TopicArn: STRING },
  ),
);
const nothing = structure('Nothing', {});

export const CreateTopic$ = operation(
  'CreateTopic',
  structure('CreateTopicInput', { Name: STRING }, { Attributes: TEXTS }),
  structure('CreateTopicResponse', {}, topic),
);
export const DeleteTopic$ = operation('DeleteTopic', structure('DeleteTopicInput', topic), nothing);
export const SetTopicAttributes$ = operation(
  'SetTopicAttributes',
  structure('SetTopicAttributesInput', { ...topic, AttributeName: STRING }, { AttributeValue: STRING }),
  nothing,
);
export const GetTopicAttributes$ = operation(
  'GetTopicAttributes',
  structure('GetTopicAttributesInput', topic),
  structure('GetTopicAttributesResponse', {}, { Attributes: TEXTS }),
);
export const ListTopics$ = operation(
  'ListTopics',
  structure('ListTopicsInput', {}, page),
  structure(
    'ListTopicsResponse',
    {},
    { Topics: listOf('TopicsList', () => structure('Topic', {}, topic)), ...page },
  ),
);
export const Subscribe$ = operation(
  'Subscribe',
  structure('SubscribeInput', { ...topic, Protocol: STRING }, { Endpoint: STRING }),
  structure('SubscribeResponse', {}, { SubscriptionArn: STRING }),
);
export const ListSubscriptionsByTopic$ = operation(
  'ListSubscriptionsByTopic',
  structure('ListSubscriptionsByTopicInput', topic, page),
  structure('ListSubscriptionsByTopicResponse', {}, { Subscriptions: subscriptions, ...page }),
);
export const Publish$ = operation(
  'Publish',
  structure('PublishInput', { Message: STRING }, { ...topic, Subject: STRING }),
  structure('PublishResponse', {}, { MessageId: STRING }),
);

export const NotFoundException$ = error('NotFoundException', 404, 'NotFound');
export const InvalidParameterException$ = error('InvalidParameterException', 400, 'InvalidParameter');
export const AuthorizationErrorException$ = error('AuthorizationErrorException', 403, 'AuthorizationError');
