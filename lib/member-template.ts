/** The member stack as every channel of the roll-out carries it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, BootstraplessSynthesizer, type IStackSynthesizer } from 'aws-cdk-lib';
import { CURRENT_VERSION_EXPIRED_FLAGS, FLAGS } from 'aws-cdk-lib/cx-api';
import { ConfigError, type FactoryConfig } from './config/config.ts';
import { MemberStack } from './member-stack.ts';

export const MEMBER_STACK = 'OidcFactoryMember';

/** CloudFormation: bytes of a template that is not in a bucket. */
const MAX_INLINE_BYTES = 51_200;

/** As they are where nobody says anything: the CDK CLI warns of flags that are not set. */
const UNSAID_FLAGS = Object.fromEntries(
  Object.entries(FLAGS)
    .filter(([name]) => !CURRENT_VERSION_EXPIRED_FLAGS.includes(name))
    .map(([name, { unconfiguredBehavesLike }]) => [name, unconfiguredBehavesLike?.v2 ?? false]),
);

/** An app whose templates are the same whoever synthesizes: settings in code, and not in cdk.json or by the CDK CLI. */
export const reproducibleApp = (outdir: string): App =>
  new App({
    outdir,
    analyticsReporting: false,
    postCliContext: {
      ...UNSAID_FLAGS,
      '@aws-cdk/core:validateAgainstDefaultRules': true,
      '@aws-cdk/core:checkSecretUsage': true,
      '@aws-cdk/aws-iam:minimizePolicies': false,
      'aws:cdk:enable-path-metadata': false,
      'aws:cdk:enable-asset-metadata': false,
    },
  });

export const addMemberStack = (app: App, config: FactoryConfig): MemberStack =>
  new MemberStack(app, MEMBER_STACK, {
    config,
    description: 'OIDC factory: forwarding rule, member roles and OIDC provider of a member account',
    synthesizer: new BootstraplessSynthesizer() as IStackSynthesizer,
  });

/** The template as JSON without white space. Throws {@link ConfigError} where it is too long to be carried inline. */
export function memberTemplate(config: FactoryConfig): string {
  const outdir = mkdtempSync(join(tmpdir(), 'oidc-factory-member-'));
  try {
    const app = reproducibleApp(outdir);
    const { artifactId } = addMemberStack(app, config);
    const { templateFullPath } = app.synth().getStackArtifact(artifactId);
    const template = JSON.stringify(JSON.parse(readFileSync(templateFullPath, 'utf8')));
    const bytes = Buffer.byteLength(template);
    if (bytes <= MAX_INLINE_BYTES) return template;
    throw new ConfigError('The config', [
      `protectedRoles: expected fewer or shorter ones: they make a member template of ${bytes} bytes, and CloudFormation takes ${MAX_INLINE_BYTES} inline`,
    ]);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
