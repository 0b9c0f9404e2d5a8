/** How StackSets bring the member stack to accounts: the same for the roll-out stack, the AWS CLI and Terraform. */
import { PARTITIONS, partitionOfRegion } from '../core/issuer.ts';
import type { FactoryConfig } from './config/config.ts';
import type { RolloutConfig } from './config/operations.ts';

/** The one region of the partition where IAM's events are, so that the forwarding rule sees them. */
export const memberRegion = ({ factory }: FactoryConfig): string =>
  PARTITIONS[partitionOfRegion(factory.region)].iamEventRegion;

/** The set itself, all but its template; names of members as the AWS CDK spells them. */
export const stackSetOf = ({ prefix }: FactoryConfig, rollout: RolloutConfig) => ({
  stackSetName: `${prefix}-member`,
  description: 'OIDC factory: member accounts',
  permissionModel: 'SERVICE_MANAGED',
  callAs: rollout.administrator === 'delegated' ? 'DELEGATED_ADMIN' : 'SELF',
  capabilities: ['CAPABILITY_NAMED_IAM'],
  autoDeployment: {
    enabled: true,
    retainStacksOnAccountRemoval: rollout.onAccountRemoval === 'retain',
  },
});

/** How many accounts at once; auto-deployment does not heed it. */
export const operationPreferencesOf = (rollout: RolloutConfig) => ({
  maxConcurrentPercentage: rollout.concurrentPercentage,
  failureTolerancePercentage: rollout.failureTolerancePercentage,
});

/** Where its stacks go. */
export const instancesOf = (config: FactoryConfig, rollout: RolloutConfig) => ({
  deploymentTargets: {
    organizationalUnitIds: rollout.organizationalUnits,
    ...(rollout.excludedAccounts.length > 0 && {
      accounts: rollout.excludedAccounts,
      accountFilterType: 'DIFFERENCE',
    }),
  },
  regions: [memberRegion(config)],
});
