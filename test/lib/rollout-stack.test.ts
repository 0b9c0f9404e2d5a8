import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { type FactoryConfigInput, parseConfig } from '../../lib/config/config.ts';
import { RolloutStack } from '../../lib/rollout-stack.ts';
import { CONFIG, resourcesOf } from './stacks.ts';

const UNIT = 'ou-ab12-a1b2c3d4';
const ROLLOUT = { organizationalUnits: [UNIT] };

function stackSet(rollout: FactoryConfigInput['rollout'], region: string = CONFIG.factory.region) {
  const outdir = mkdtempSync(join(tmpdir(), 'oidc-factory-stack-'));
  try {
    const config = parseConfig({ ...CONFIG, factory: { ...CONFIG.factory, region }, rollout }, 'config');
    if (!config.rollout) throw new Error('There is no roll-out');
    const stack = new RolloutStack(new App({ outdir, analyticsReporting: false }), 'Rollout', {
      config,
      rollout: config.rollout,
      memberTemplate: '{"Resources":{}}',
    });
    const resources = resourcesOf(Template.fromStack(stack), 'AWS::CloudFormation::StackSet');
    expect(resources).toHaveLength(1);
    return resources[0]?.properties;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

describe('the StackSet', () => {
  it('brings the template to the units and to accounts to come, and keeps stacks of accounts that leave', () => {
    expect(stackSet(ROLLOUT)).toEqual({
      StackSetName: 'oidc-factory-member',
      Description: expect.any(String),
      TemplateBody: '{"Resources":{}}',
      PermissionModel: 'SERVICE_MANAGED',
      CallAs: 'DELEGATED_ADMIN',
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      AutoDeployment: { Enabled: true, RetainStacksOnAccountRemoval: true },
      ManagedExecution: { Active: true },
      OperationPreferences: { MaxConcurrentPercentage: 10, FailureTolerancePercentage: 5 },
      StackInstancesGroup: [{ DeploymentTargets: { OrganizationalUnitIds: [UNIT] }, Regions: ['us-east-1'] }],
    });
  });

  it('does what the config says otherwise', () => {
    const properties = stackSet({
      ...ROLLOUT,
      excludedAccounts: ['444455556666'],
      administrator: 'management',
      onAccountRemoval: 'delete',
      concurrentPercentage: 100,
      failureTolerancePercentage: 0,
    });
    expect(properties).toMatchObject({
      CallAs: 'SELF',
      AutoDeployment: { Enabled: true, RetainStacksOnAccountRemoval: false },
      OperationPreferences: { MaxConcurrentPercentage: 100, FailureTolerancePercentage: 0 },
      StackInstancesGroup: [
        {
          DeploymentTargets: {
            OrganizationalUnitIds: [UNIT],
            Accounts: ['444455556666'],
            AccountFilterType: 'DIFFERENCE',
          },
        },
      ],
    });
  });

  it.each([
    ['us-gov-east-1', 'us-gov-west-1'],
    ['cn-northwest-1', 'cn-north-1'],
  ])("goes to the region of the partition's IAM events: factory in %s, members in %s", (region, expected) => {
    expect(stackSet(ROLLOUT, region)).toMatchObject({ StackInstancesGroup: [{ Regions: [expected] }] });
  });
});
