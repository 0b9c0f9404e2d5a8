import type { CreateTableOutput } from '@aws-sdk/client-dynamodb';
import { type Creator, copied } from './creator.ts';

export const DYNAMODB_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::DynamoDB::Table': (properties, { invoke, physicalName }) => {
    const TableName = properties.optional('TableName', 'string') ?? physicalName(255);
    const table = {
      TableName,
      ...copied(properties, [
        'AttributeDefinitions',
        'BillingMode',
        'DeletionProtectionEnabled',
        'GlobalSecondaryIndexes',
        'KeySchema',
        'LocalSecondaryIndexes',
        'ProvisionedThroughput',
      ]),
    };
    const timeToLive = properties.optional('TimeToLiveSpecification', 'object');
    const recovery = properties.optional('PointInTimeRecoverySpecification', 'object');
    // Nothing is stored on a disk.
    properties.optional('SSESpecification', 'object');
    return async () => {
      const created = await invoke<CreateTableOutput>('dynamodb', 'CreateTable', table);
      if (timeToLive) {
        const input = { TableName, TimeToLiveSpecification: timeToLive };
        await invoke('dynamodb', 'UpdateTimeToLive', input);
      }
      if (recovery) {
        const input = { TableName, PointInTimeRecoverySpecification: recovery };
        await invoke('dynamodb', 'UpdateContinuousBackups', input);
      }
      return {
        ref: TableName,
        attributes: { Arn: created.TableDescription?.TableArn ?? '' },
        remove: () => invoke('dynamodb', 'DeleteTable', { TableName }),
      };
    };
  },
};
