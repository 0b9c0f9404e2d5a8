import type { Creator } from './creator.ts';

export const LOGS_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::Logs::LogGroup': (properties, { logs, as, region, physicalName, partition, accountId }) => {
    const logGroupName = properties.optional('LogGroupName', 'string') ?? physicalName(512);
    const retentionInDays = properties.optional('RetentionInDays', 'number');
    // Nothing is stored on a disk.
    properties.optional('KmsKeyId', 'string');
    const Arn = `arn:${partition}:logs:${region}:${accountId}:log-group:${logGroupName}:*`;
    return async () => {
      await logs.createLogGroup({ logGroupName }, as, region);
      if (retentionInDays !== undefined) {
        await logs.putRetentionPolicy({ logGroupName, retentionInDays }, as, region);
      }
      return {
        ref: logGroupName,
        attributes: { Arn },
        remove: () => logs.deleteLogGroup({ logGroupName }, as, region),
      };
    };
  },
};
