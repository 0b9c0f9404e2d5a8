import { type Creator, copied } from './creator.ts';

export const SCHEDULER_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::Scheduler::Schedule': (properties, { invoke, physicalName }) => {
    const Name = properties.optional('Name', 'string') ?? physicalName(64);
    const input = {
      Name,
      ScheduleExpression: properties.required('ScheduleExpression', 'string'),
      FlexibleTimeWindow: properties.required('FlexibleTimeWindow', 'object'),
      Target: properties.required('Target', 'object'),
      ...copied(properties, ['Description', 'GroupName', 'State']),
    };
    return async () => {
      const { ScheduleArn } = await invoke<{ ScheduleArn: string }>('scheduler', 'CreateSchedule', input);
      return {
        ref: Name,
        attributes: { Arn: ScheduleArn },
        remove: () => invoke('scheduler', 'DeleteSchedule', { Name }),
      };
    };
  },
};
