/** Rules and queues of an account in one region, each question with the one permission that it needs. */
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { ObservedRule } from '../../core/doctor/events.ts';
import { type AwsOptions, calling, clientConfig, lookingUp } from '../aws.ts';
import type { Io } from '../io.ts';
import type { EventReads } from './reads.ts';

export function eventReads(io: Io, options: AwsOptions): EventReads {
  const config = clientConfig(io, options);
  const events = new EventBridgeClient(config);
  const sqs = new SQSClient(config);
  return {
    rule: async (bus, name) => {
      const rule = await lookingUp(`events:DescribeRule ${name}`, () =>
        events.send(new DescribeRuleCommand({ EventBusName: bus, Name: name })),
      );
      return rule && ruleView(rule);
    },
    rulesOf: async (bus) => {
      const list = await lookingUp(`events:ListRules ${bus}`, () =>
        events.send(new ListRulesCommand({ EventBusName: bus })),
      );
      return (list?.Rules ?? []).map(ruleView);
    },
    rulesTo: async (bus, targetArn) => {
      const { RuleNames = [] } = await calling(`events:ListRuleNamesByTarget ${targetArn}`, () =>
        events.send(new ListRuleNamesByTargetCommand({ EventBusName: bus, TargetArn: targetArn })),
      );
      return RuleNames;
    },
    targets: async (bus, rule) => {
      const list = await lookingUp(`events:ListTargetsByRule ${rule}`, () =>
        events.send(new ListTargetsByRuleCommand({ EventBusName: bus, Rule: rule })),
      );
      return (list?.Targets ?? []).map(({ Arn = '', RoleArn, DeadLetterConfig }) => ({
        arn: Arn,
        roleArn: RoleArn,
        deadLetterArn: DeadLetterConfig?.Arn,
      }));
    },
    queue: async (arn) => {
      const [, , , , accountId, name = ''] = arn.split(':');
      const found = await lookingUp(`sqs:GetQueueUrl ${name}`, () =>
        sqs.send(new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: accountId })),
      );
      if (found === undefined) return undefined;
      const queue = await lookingUp(`sqs:GetQueueAttributes ${name}`, () =>
        sqs.send(new GetQueueAttributesCommand({ QueueUrl: found.QueueUrl, AttributeNames: ATTRIBUTES })),
      );
      return queue && queueView(queue.Attributes ?? {});
    },
  };
}

const ruleView = (rule: {
  Name?: string | undefined;
  State?: string | undefined;
  EventPattern?: string | undefined;
}): ObservedRule => ({ name: rule.Name ?? '', state: rule.State ?? '', pattern: rule.EventPattern });

const ATTRIBUTES = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'RedrivePolicy',
] as const satisfies string[];

function queueView(attributes: Partial<Record<string, string>>) {
  const redrive = JSON.parse(attributes.RedrivePolicy ?? '{}') as { deadLetterTargetArn?: string };
  return {
    waiting: Number(attributes.ApproximateNumberOfMessages),
    inWork: Number(attributes.ApproximateNumberOfMessagesNotVisible),
    deadLetterArn: redrive.deadLetterTargetArn,
  };
}
