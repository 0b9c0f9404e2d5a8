/** Where everything of a deployed factory is, by the config and the fixed names. */
import type { AccountId } from '../../core/ids.ts';
import { accountId } from '../../core/ids.ts';
import { PARTITIONS, type Partition, partitionOfRegion } from '../../core/issuer.ts';
import { type WorkflowName, workflowName } from '../../core/naming.ts';
import type { FactorySettings } from '../../core/settings.ts';
import { type FactoryConfig, settingsOf } from '../../lib/config/config.ts';

export interface Estate {
  readonly config: FactoryConfig;
  readonly settings: FactorySettings;
  readonly partition: Partition;
  /** Where the partition records IAM's events. */
  readonly eventRegion: string;
  readonly factoryAccountId: AccountId;
  readonly busArn: string;
  stateMachineArn(workflow: WorkflowName): string;
}

export function estateOf(config: FactoryConfig): Estate {
  const { prefix, factory } = config;
  const partition = partitionOfRegion(factory.region);
  const arn = (service: string, resource: string) =>
    `arn:${partition}:${service}:${factory.region}:${factory.accountId}:${resource}`;
  return {
    config,
    settings: settingsOf(config),
    partition,
    eventRegion: PARTITIONS[partition].iamEventRegion,
    factoryAccountId: accountId(factory.accountId),
    busArn: arn('events', `event-bus/${prefix}`),
    stateMachineArn: (workflow) => arn('states', `stateMachine:${workflowName(prefix, workflow)}`),
  };
}
