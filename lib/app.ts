import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, DefaultStackSynthesizer, type IStackSynthesizer, Validations } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { GUARD_FUNCTION, NOTIFY_FUNCTION, OUTBOUND_FUNCTION } from '../core/naming.ts';
import { bundleFunctions, bundleOther } from './bundling.ts';
import type { FactoryConfig } from './config/config.ts';
import { FactoryStack } from './factory-stack.ts';
import { addMemberStack, memberTemplate, reproducibleApp } from './member-template.ts';
import { RolloutStack } from './rollout-stack.ts';

export const FACTORY_STACK = 'OidcFactory';
export const ROLLOUT_STACK = 'OidcFactoryRollout';

/**
 * Bundles the functions and synthesizes every stack into `outdir`. Fails on any finding of cdk-nag's AwsSolutions or of CDK's own template validation.
 */
export function synthesize(config: FactoryConfig, outdir: string): CloudAssembly {
  const app = reproducibleApp(outdir);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const bundleDir = mkdtempSync(join(tmpdir(), 'oidc-factory-bundles-'));
  try {
    addStacks(app, config, bundleDir);
    return app.synth();
  } finally {
    rmSync(bundleDir, { recursive: true });
  }
}

/** What synthesizing warned of: CDK writes a report where there is something to report. */
export function warningsOf({ directory, stacks }: CloudAssembly): string[] {
  const report = join(directory, 'validation-report.json');
  const { pluginReports }: ValidationReport = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { pluginReports: [] };
  return [
    ...stacks.flatMap(({ messages }) => messages.map(({ id, entry: { data } }) => `${id}: ${data}`)),
    ...pluginReports.flatMap(({ violations }) =>
      violations.map(({ ruleName, description }) => `${ruleName}: ${description}`),
    ),
  ];
}

interface ValidationReport {
  readonly pluginReports: readonly {
    readonly violations: readonly { readonly ruleName: string; readonly description: string }[];
  }[];
}

function addStacks(app: App, config: FactoryConfig, bundleDir: string): void {
  new FactoryStack(app, FACTORY_STACK, {
    config,
    bundles: bundleFunctions(bundleDir),
    notifyBundle: bundleOther(bundleDir, NOTIFY_FUNCTION),
    ...(config.guard && { guardBundle: bundleOther(bundleDir, GUARD_FUNCTION) }),
    ...(config.entra.login.kind === 'federated' && {
      outboundBundle: bundleOther(bundleDir, OUTBOUND_FUNCTION),
    }),
    env: { account: config.factory.accountId, region: config.factory.region },
    description: 'OIDC factory: bus, dispatcher, workflows and ledger',
    synthesizer: bootstrapped(),
  });
  addMemberStack(app, config);
  const { rollout } = config;
  if (!rollout) return;
  new RolloutStack(app, ROLLOUT_STACK, {
    config,
    rollout,
    memberTemplate: memberTemplate(config),
    // In the account of whoever deploys it: the management account, or the delegated administrator.
    env: { region: config.factory.region },
    description: 'OIDC factory: roll-out to the member accounts',
    synthesizer: bootstrapped(),
  });
}

/** The CDK CLI checks the version of the bootstrap stack itself. */
const bootstrapped = (): IStackSynthesizer =>
  new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer;
