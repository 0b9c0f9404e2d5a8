/** Both stacks as templates, for a config; with empty bundles, since building them takes seconds. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, BootstraplessSynthesizer, type IStackSynthesizer } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import {
  FUNCTION_NAMES,
  type FunctionName,
  GUARD_FUNCTION,
  NOTIFY_FUNCTION,
  OUTBOUND_FUNCTION,
} from '../../core/naming.ts';
import { type FactoryConfigInput, parseConfig } from '../../lib/config/config.ts';
import { FactoryStack } from '../../lib/factory-stack.ts';
import { MemberStack } from '../../lib/member-stack.ts';

export const CONFIG = {
  organizationId: 'o-a1b2c3d4e5',
  factory: { accountId: '111122223333', region: 'eu-central-1' },
  entra: {
    tenantId: '11111111-2222-4333-8444-555555555555',
    factoryAppId: '66666666-7777-4888-8999-aaaaaaaaaaaa',
    factoryServicePrincipalId: 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff',
  },
} as const satisfies FactoryConfigInput;

export function factoryTemplate(config: FactoryConfigInput = CONFIG): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'oidc-factory-stack-'));
  try {
    const app = new App({ outdir: join(outdir, 'assembly'), analyticsReporting: false });
    const { factory } = CONFIG;
    const stack = new FactoryStack(app, 'OidcFactory', {
      config: parseConfig(config, 'config'),
      bundles: emptyBundles(outdir),
      notifyBundle: emptyBundle(outdir, NOTIFY_FUNCTION),
      guardBundle: emptyBundle(outdir, GUARD_FUNCTION),
      outboundBundle: emptyBundle(outdir, OUTBOUND_FUNCTION),
      env: { account: factory.accountId, region: factory.region },
    });
    return Template.fromStack(stack);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

export function memberTemplate(config: FactoryConfigInput = CONFIG): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'oidc-factory-stack-'));
  try {
    const app = new App({ outdir, analyticsReporting: false });
    const synthesizer = new BootstraplessSynthesizer() as IStackSynthesizer;
    return Template.fromStack(
      new MemberStack(app, 'Member', { config: parseConfig(config, 'config'), synthesizer }),
    );
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

const emptyBundles = (outdir: string): Record<FunctionName, string> =>
  Object.fromEntries(FUNCTION_NAMES.map((name) => [name, emptyBundle(outdir, name)])) as Record<
    FunctionName,
    string
  >;

function emptyBundle(outdir: string, name: string): string {
  const folder = join(outdir, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.js'), name);
  return folder;
}

// biome-ignore lint/suspicious/noExplicitAny: templates are read as they are; what is not there fails the test
type Json = any;

export const resourcesOf = (template: Template, type: string): { id: string; properties: Json }[] =>
  Object.entries(template.findResources(type)).map(([id, { Properties: properties }]) => ({
    id,
    properties,
  }));

interface StatementJson {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: Json;
  readonly Condition?: Json;
}

/** Of the inline policies of the role of this name, of which there is exactly one. */
export function policyStatements(template: Template, roleName: string): StatementJson[] {
  const [role, ...others] = resourcesOf(template, 'AWS::IAM::Role').filter(
    ({ properties }) => properties.RoleName === roleName,
  );
  if (!role || others.length > 0) throw new Error(`Expected one role ${roleName}`);
  return role.properties.Policies.flatMap(({ PolicyDocument }: Json) => PolicyDocument.Statement);
}
