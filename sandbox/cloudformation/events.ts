import type {
  CreateArchiveResponse,
  CreateEventBusResponse,
  DescribeEventBusResponse,
  PutRuleResponse,
  PutTargetsResponse,
} from '@aws-sdk/client-eventbridge';
import { FieldError } from '../fields.ts';
import { type Creator, copied, present } from './creator.ts';

interface PolicyDocument {
  readonly Version: string;
  readonly Statement: readonly { readonly Sid?: string }[];
}

export const EVENTS_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::Events::EventBus': (properties, { invoke }) => {
    const Name = properties.required('Name', 'string');
    const input = { Name, ...copied(properties, ['Description']) };
    return async () => {
      const { EventBusArn = '' } = await invoke<CreateEventBusResponse>('events', 'CreateEventBus', input);
      return {
        ref: Name,
        attributes: { Name, Arn: EventBusArn },
        remove: () => invoke('events', 'DeleteEventBus', { Name }),
      };
    };
  },

  /** One statement of the bus's policy; several of these resources add up. */
  'AWS::Events::EventBusPolicy': (properties, { invoke }) => {
    const EventBusName = properties.optional('EventBusName', 'string') ?? 'default';
    const Sid = properties.required('StatementId', 'string');
    const statement = { Sid, ...properties.required('Statement', 'object') };
    return async () => {
      const bus = await invoke<DescribeEventBusResponse>('events', 'DescribeEventBus', {
        Name: EventBusName,
      });
      const before = bus.Policy ? (JSON.parse(bus.Policy) as PolicyDocument).Statement : [];
      const Statement = [...before.filter((other) => other.Sid !== Sid), statement];
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement } satisfies PolicyDocument);
      await invoke('events', 'PutPermission', { EventBusName, Policy });
      return {
        ref: Sid,
        remove: () => invoke('events', 'RemovePermission', { EventBusName, StatementId: Sid }),
      };
    };
  },

  'AWS::Events::Rule': (properties, { invoke, physicalName }) => {
    const Name = properties.optional('Name', 'string') ?? physicalName(64);
    const EventBusName = properties.optional('EventBusName', 'string') ?? 'default';
    const pattern = properties.optional('EventPattern', 'object');
    const rule = present({
      Name,
      EventBusName,
      EventPattern: pattern && JSON.stringify(pattern),
      ...copied(properties, ['Description', 'ScheduleExpression', 'State']),
    });
    const Targets = properties.optional('Targets', 'array') ?? [];
    return async () => {
      const { RuleArn = '' } = await invoke<PutRuleResponse>('events', 'PutRule', rule);
      const put = await invoke<PutTargetsResponse>('events', 'PutTargets', {
        Rule: Name,
        EventBusName,
        Targets,
      });
      const [failed] = put.FailedEntries ?? [];
      if (failed) throw new Error(`target ${failed.TargetId}: ${failed.ErrorCode} ${failed.ErrorMessage}`);
      return {
        ref: EventBusName === 'default' ? Name : `${EventBusName}|${Name}`,
        attributes: { Arn: RuleArn },
        remove: async () => {
          const Ids = Targets.map((target) => (target as { Id: string }).Id);
          await invoke('events', 'RemoveTargets', { Rule: Name, EventBusName, Ids });
          await invoke('events', 'DeleteRule', { Name, EventBusName });
        },
      };
    };
  },

  'AWS::Events::Archive': (properties, { invoke, physicalName }) => {
    const ArchiveName = properties.optional('ArchiveName', 'string') ?? physicalName(48);
    const pattern = properties.optional('EventPattern', 'object');
    if (properties.optional('KmsKeyIdentifier', 'string')) {
      throw new FieldError(`${properties.path}.KmsKeyIdentifier`, 'only the default key is understood');
    }
    const input = present({
      ArchiveName,
      EventSourceArn: properties.required('SourceArn', 'string'),
      EventPattern: pattern && JSON.stringify(pattern),
      ...copied(properties, ['Description', 'RetentionDays']),
    });
    return async () => {
      const { ArchiveArn = '' } = await invoke<CreateArchiveResponse>('events', 'CreateArchive', input);
      return {
        ref: ArchiveName,
        attributes: { ArchiveName, Arn: ArchiveArn },
        remove: () => invoke('events', 'DeleteArchive', { ArchiveName }),
      };
    };
  },
};
