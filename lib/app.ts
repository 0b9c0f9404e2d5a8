import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  App,
  BootstraplessSynthesizer,
  DefaultStackSynthesizer,
  type IStackSynthesizer,
  Validations,
} from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { bundleFunctions, bundleGuard } from './bundling.ts';
import type { FactoryConfig } from './config/config.ts';
import { FactoryStack } from './factory-stack.ts';
import { MemberStack } from './member-stack.ts';

export const FACTORY_STACK = 'OidcFactory';
export const MEMBER_STACK = 'OidcFactoryMember';

/**
 * Bundles the functions and synthesizes every stack into `outdir`. Fails on any finding of cdk-nag's AwsSolutions or of CDK's own template validation.
 */
export function synthesize(config: FactoryConfig, outdir: string): CloudAssembly {
  const app = new App({
    outdir,
    analyticsReporting: false,
    // In code and not in cdk.json: the same templates whoever synthesizes.
    postCliContext: {
      '@aws-cdk/core:validateAgainstDefaultRules': true,
      '@aws-cdk/core:checkSecretUsage': true,
      '@aws-cdk/aws-iam:minimizePolicies': false,
    },
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const bundleDir = mkdtempSync(join(tmpdir(), 'oidc-factory-bundles-'));
  try {
    addStacks(app, config, bundleDir);
    return app.synth();
  } finally {
    rmSync(bundleDir, { recursive: true });
  }
}

function addStacks(app: App, config: FactoryConfig, bundleDir: string): void {
  new FactoryStack(app, FACTORY_STACK, {
    config,
    bundles: bundleFunctions(bundleDir),
    ...(config.guard && { guardBundle: bundleGuard(bundleDir) }),
    env: { account: config.factory.accountId, region: config.factory.region },
    description: 'OIDC factory: bus, dispatcher, workflows and ledger',
    synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer,
  });
  new MemberStack(app, MEMBER_STACK, {
    config,
    description: 'OIDC factory: forwarding rule, member roles and OIDC provider of a member account',
    synthesizer: new BootstraplessSynthesizer() as IStackSynthesizer,
  });
}
