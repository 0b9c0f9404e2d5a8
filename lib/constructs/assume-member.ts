import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { type GuardRolePurpose, type MemberRolePurpose, memberRoleName } from '../../core/naming.ts';
import type { FactoryConfig } from '../config/config.ts';
import type { WideStatement } from './wide-statement.ts';

/** What a function needs to open sessions of these roles in member accounts. */
export const assumeMember = (
  scope: Construct,
  { prefix, organizationId }: FactoryConfig,
  ...purposes: readonly (MemberRolePurpose | GuardRolePurpose)[]
): WideStatement => ({
  statement: new iam.PolicyStatement({
    sid: 'Member',
    // The second names the execution in everything that a session does.
    actions: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    resources: purposes.map(
      (purpose) => `arn:${Stack.of(scope).partition}:iam::*:role/${memberRoleName(prefix, purpose)}`,
    ),
    conditions: { StringEquals: { 'aws:ResourceOrgID': organizationId } },
  }),
  reason: 'Any account, for accounts come and go: but only this role name, and only inside the organization.',
});
