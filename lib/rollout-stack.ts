import { Stack, type StackProps } from 'aws-cdk-lib';
import { CfnStackSet } from 'aws-cdk-lib/aws-cloudformation';
import type { Construct } from 'constructs';
import type { FactoryConfig } from './config/config.ts';
import type { RolloutConfig } from './config/operations.ts';
import { instancesOf, operationPreferencesOf, stackSetOf } from './stack-set.ts';

export interface RolloutStackProps extends StackProps {
  readonly config: FactoryConfig;
  readonly rollout: RolloutConfig;
  /** As `memberTemplate` makes it. */
  readonly memberTemplate: string;
}

/**
 * The management account or a delegated administrator: the member stack in every account of the units, those to come
 * included. Service-managed StackSets never deploy to the management account itself.
 */
export class RolloutStack extends Stack {
  constructor(scope: Construct, id: string, props: RolloutStackProps) {
    super(scope, id, props);
    const { config, rollout, memberTemplate } = props;
    new CfnStackSet(this, 'MemberStacks', {
      ...stackSetOf(config, rollout),
      templateBody: memberTemplate,
      // Else an operation fails while auto-deployment is at work in another account.
      managedExecution: { Active: true },
      operationPreferences: operationPreferencesOf(rollout),
      stackInstancesGroup: [instancesOf(config, rollout)],
    });
  }
}
