import { Stack, Validations } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** A statement that a wildcard makes wide on purpose, and why it cannot be narrower. */
export interface WideStatement {
  readonly statement: iam.PolicyStatement;
  readonly reason: string;
}

/** Gives cdk-nag the reason for exactly the wildcards of this statement; any other one still fails the synth. */
export function acknowledgeWide(role: IConstruct, { statement, reason }: WideStatement): void {
  const stack = Stack.of(role);
  for (const resource of statement.resources.filter((arn) => arn.includes('*'))) {
    const finding = resource
      .replaceAll(stack.partition, '<AWS::Partition>')
      .replaceAll(stack.account, stack.account.startsWith('$') ? '<AWS::AccountId>' : stack.account);
    Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${finding}]`, reason });
  }
}
