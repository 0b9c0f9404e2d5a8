import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../lib/config/config.ts';
import { memberTemplate } from '../../lib/member-template.ts';
import { CONFIG } from '../lib/stacks.ts';
import { run } from './recorded-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ROLLOUT = {
  organizationalUnits: ['ou-ab12-a1b2c3d4', 'ou-ab12-b1b2c3d4'],
  excludedAccounts: ['444455556666'],
};
const configFile = (name: string, config: object): string => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(config));
  return path;
};
const config = configFile('config.json', { ...CONFIG, rollout: ROLLOUT });
const template = memberTemplate(parseConfig({ ...CONFIG, rollout: ROLLOUT }, 'config'));
const TEMPLATE = 'oidc-factory-member.template.json';

/** Files by name, as they were written. */
async function exported(format: string, file = config): Promise<Readonly<Record<string, string>>> {
  const out = mkdtempSync(join(folder, `${format}-`));
  const { exitCode, json } = await run([
    'export',
    '--format',
    format,
    '--config',
    file,
    '--out',
    out,
    '--json',
  ]);
  expect(exitCode).toBe(0);
  const names = readdirSync(out);
  expect(json()).toEqual({ format, files: expect.arrayContaining(names.map((name) => join(out, name))) });
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(out, name), 'utf8')]));
}

describe('every channel', () => {
  it.each(['cloudformation', 'stackset', 'terraform', 'lza'])(
    'carries the same template, to the byte: %s',
    async (format) => {
      expect((await exported(format))[TEMPLATE]).toBe(template);
    },
  );
});

describe('export', () => {
  it('says where the files are and what to do with them', async () => {
    const out = join(folder, 'new', 'below');
    const { stdout, stderr } = await run([
      'export',
      '--format',
      'cloudformation',
      '--config',
      config,
      '--out',
      out,
    ]);
    expect(stdout).toBe(join(out, TEMPLATE));
    expect(stderr).toContain('aws cloudformation deploy --region us-east-1');
  });

  it('prints a single file', async () => {
    const { stdout } = await run(['export', '--format', 'cloudformation', '--config', config, '--out', '-']);
    expect(stdout).toBe(template);
  });

  it.each<[what: string, args: string[], expected: string]>([
    ['an unknown format', ['--format', 'cfct'], 'cloudformation, stackset'],
    ['no format', [], '--format'],
    ['several files for standard output', ['--format', 'stackset', '--out', '-'], 'one file'],
    ['a config that is not there', ['--format', 'scp', '--config', 'none.json'], 'cannot be read (ENOENT)'],
    ['a folder that is a file', ['--format', 'rcp', '--out', config], 'cannot be written'],
  ])('refuses %s', async (_, args, expected) => {
    const given = args.includes('--config') ? args : [...args, '--config', config];
    const { exitCode, stderr } = await run(['export', ...given]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(expected);
  });

  it.each(['stackset', 'terraform'])('refuses %s where the config names no units', async (format) => {
    const file = configFile('no-rollout.json', CONFIG);
    const { exitCode, json } = await run(['export', '--format', format, '--config', file, '--json']);
    expect(exitCode).toBe(2);
    expect(json().error).toMatchObject({ code: 'NoRollout', remedy: expect.stringContaining('rollout') });
  });
});

const TARGETS = {
  OrganizationalUnitIds: ROLLOUT.organizationalUnits,
  Accounts: ROLLOUT.excludedAccounts,
  AccountFilterType: 'DIFFERENCE',
};

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html */
it('stackset: the input of CreateStackSet and CreateStackInstances', async () => {
  const files = await exported('stackset');
  expect(JSON.parse(files['oidc-factory-stack-set.json'] ?? '')).toEqual({
    StackSetName: 'oidc-factory-member',
    Description: 'OIDC factory: member accounts',
    PermissionModel: 'SERVICE_MANAGED',
    CallAs: 'DELEGATED_ADMIN',
    Capabilities: ['CAPABILITY_NAMED_IAM'],
    AutoDeployment: { Enabled: true, RetainStacksOnAccountRemoval: true },
    ManagedExecution: { Active: true },
  });
  expect(JSON.parse(files['oidc-factory-stack-instances.json'] ?? '')).toEqual({
    StackSetName: 'oidc-factory-member',
    CallAs: 'DELEGATED_ADMIN',
    DeploymentTargets: TARGETS,
    Regions: ['us-east-1'],
    OperationPreferences: { MaxConcurrentPercentage: 10, FailureTolerancePercentage: 5 },
  });
});

/** As of hashicorp/terraform-provider-aws, website/docs/r/cloudformation_stack_set and _stack_instances. */
it('terraform: the resources as the provider documents them', async () => {
  const files = await exported('terraform');
  const preferences = { max_concurrent_percentage: 10, failure_tolerance_percentage: 5 };
  const { resource } = JSON.parse(files['oidc-factory-member.tf.json'] ?? '');
  expect(resource.aws_cloudformation_stack_set.member).toEqual({
    name: 'oidc-factory-member',
    description: 'OIDC factory: member accounts',
    permission_model: 'SERVICE_MANAGED',
    call_as: 'DELEGATED_ADMIN',
    capabilities: ['CAPABILITY_NAMED_IAM'],
    auto_deployment: { enabled: true, retain_stacks_on_account_removal: true },
    managed_execution: { active: true },
    operation_preferences: preferences,
    // "All template parameters, including those with a Default, must be configured or ignored".
    parameters: Object.fromEntries(
      Object.entries<{ Default: string }>(JSON.parse(template).Parameters).map(([name, { Default }]) => [
        name,
        Default,
      ]),
    ),
    template_body: `\${file("\${path.module}/${TEMPLATE}")}`,
    lifecycle: { ignore_changes: ['administration_role_arn'] },
  });
  expect(resource.aws_cloudformation_stack_instances.member).toEqual({
    // biome-ignore lint/suspicious/noTemplateCurlyInString: of Terraform
    stack_set_name: '${aws_cloudformation_stack_set.member.name}',
    call_as: 'DELEGATED_ADMIN',
    regions: ['us-east-1'],
    deployment_targets: {
      organizational_unit_ids: ROLLOUT.organizationalUnits,
      accounts: ROLLOUT.excludedAccounts,
      account_filter_type: 'DIFFERENCE',
    },
    operation_preferences: preferences,
  });
});

/**
 * ICloudFormationStack in awslabs/landing-zone-accelerator-on-aws,
 * source/packages/@aws-accelerator/config/lib/schemas/customizations-config.json: no further members are allowed.
 */
const LZA_STACK = {
  required: ['deploymentTargets', 'name', 'regions', 'runOrder', 'template', 'terminationProtection'],
  optional: ['description', 'parameters'],
  targets: ['accounts', 'excludedAccounts', 'excludedRegions', 'organizationalUnits'],
};

it('lza: an entry that its schema takes', async () => {
  const files = await exported('lza');
  const text = files['customizations-config.yaml'] ?? '';
  expect(text).toMatch(/^# .*narrow the targets here/);
  const document = parse(text);
  expect(Object.keys(document)).toEqual(['customizations']);
  const [entry, ...others] = document.customizations.cloudFormationStacks;
  expect(others).toEqual([]);
  for (const name of LZA_STACK.required) expect(entry).toHaveProperty(name);
  for (const name of Object.keys(entry)) {
    expect([...LZA_STACK.required, ...LZA_STACK.optional]).toContain(name);
  }
  for (const name of Object.keys(entry.deploymentTargets)) expect(LZA_STACK.targets).toContain(name);
  expect(entry).toMatchObject({
    name: expect.stringMatching(/^\S+$/),
    regions: ['us-east-1'],
    template: `cloudformation/${TEMPLATE}`,
    terminationProtection: true,
  });
});

describe('guardrails', () => {
  const DENY = {
    Version: '2012-10-17',
    Statement: expect.arrayContaining([expect.objectContaining({ Effect: 'Deny' })]),
  };

  it('scp: what belongs to the factory, and tokens apart from it', async () => {
    const files = await exported('scp');
    expect(Object.keys(files).sort()).toEqual([
      'oidc-factory-scp-member.json',
      'oidc-factory-scp-tokens.json',
    ]);
    for (const text of Object.values(files)) {
      expect(JSON.parse(text)).toEqual(DENY);
      expect(text.length).toBeLessThanOrEqual(5120);
    }
  });

  it('scp: no tokens to protect where the factory logs in with a secret', async () => {
    const login = {
      kind: 'secret',
      secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:graph-AbCdEf',
    };
    const file = configFile('secret.json', { ...CONFIG, entra: { ...CONFIG.entra, login } });
    expect(Object.keys(await exported('scp', file))).toEqual(['oidc-factory-scp-member.json']);
  });

  it('rcp: on standard output, ready to be attached', async () => {
    const { stdout } = await run(['export', '--format', 'rcp', '--config', config, '--out', '-']);
    expect(JSON.parse(stdout)).toEqual(DENY);
    expect(stdout).toContain(`sts.windows.net/${CONFIG.entra.tenantId}/:aud`);
  });
});
