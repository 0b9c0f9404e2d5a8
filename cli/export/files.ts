/** What each channel of the roll-out takes, as files. */
import { stringify } from 'yaml';
import { guardrailText } from '../../core/guardrails/document.ts';
import { tokenAdmission } from '../../core/guardrails/resource-control.ts';
import { memberProtection, tokenProtection } from '../../core/guardrails/service-control.ts';
import { accountId } from '../../core/ids.ts';
import { partitionOfRegion } from '../../core/issuer.ts';
import { type FactoryConfig, settingsOf } from '../../lib/config/config.ts';
import { instancesOf, memberRegion, operationPreferencesOf, stackSetOf } from '../../lib/stack-set.ts';
import { CommandFailure } from '../failure.ts';
import type { ExportFormat } from './formats.ts';

export interface ExportedFile {
  readonly name: string;
  readonly content: string;
}

export interface Exported {
  readonly files: readonly ExportedFile[];
  /** What to do with them. */
  readonly next: string;
}

/** Formats that carry the member template. */
export type TemplateFormat = Exclude<ExportFormat, 'scp' | 'rcp'>;

/** The template as it is, and what the channel wants beside it. Fails with NoRollout. */
export function withTemplate(format: TemplateFormat, config: FactoryConfig, template: string): Exported {
  const file = { name: `${config.prefix}-member.template.json`, content: template };
  const { files, next } = CHANNELS[format](config, file);
  return { files: [file, ...files], next };
}

/** Policies of the organization. */
export function guardrails(format: 'scp' | 'rcp', config: FactoryConfig): Exported {
  const { prefix, factory, provider, entra } = config;
  const settings = {
    ...settingsOf(config),
    partition: partitionOfRegion(factory.region),
    factoryAccountId: accountId(factory.accountId),
    provider,
    login: entra.login.kind,
  };
  const documents =
    format === 'scp'
      ? { member: memberProtection(settings), tokens: tokenProtection(settings) }
      : { tokens: tokenAdmission(settings) };
  const files = Object.entries(documents).flatMap(([name, list]) =>
    list.map((document, index) => ({
      name: `${prefix}-${format}-${name}${list.length > 1 ? `-${index + 1}` : ''}.json`,
      content: guardrailText(document),
    })),
  );
  const type = format === 'scp' ? 'SERVICE_CONTROL_POLICY' : 'RESOURCE_CONTROL_POLICY';
  return {
    files,
    next: `In the management account: aws organizations create-policy --type ${type} --name <name> --description <text> --content file://<file>, then attach-policy to a unit for tests first.`,
  };
}

type Channel = (config: FactoryConfig, template: ExportedFile) => Exported;

const stackSet: Channel = (config, template) => {
  const rollout = rolloutOf(config);
  const { callAs, stackSetName, ...set } = stackSetOf(config, rollout);
  const which = { stackSetName, callAs };
  const create = {
    name: `${config.prefix}-stack-set.json`,
    content: json(renamed({ ...which, ...set, managedExecution: { active: true } }, capitalized)),
  };
  const instances = {
    name: `${config.prefix}-stack-instances.json`,
    content: json(
      renamed(
        {
          ...which,
          ...instancesOf(config, rollout),
          operationPreferences: operationPreferencesOf(rollout),
        },
        capitalized,
      ),
    ),
  };
  return {
    files: [create, instances],
    next: `aws cloudformation create-stack-set --cli-input-json file://${create.name} --template-body file://${template.name}, then aws cloudformation create-stack-instances --cli-input-json file://${instances.name}`,
  };
};

const terraform: Channel = (config, template) => {
  const rollout = rolloutOf(config);
  const { stackSetName, ...set } = stackSetOf(config, rollout);
  const { Parameters = {} } = JSON.parse(template.content) as {
    Parameters?: Record<string, { Default: string }>;
  };
  const preferences = { operationPreferences: operationPreferencesOf(rollout) };
  const document = {
    terraform: { required_providers: { aws: { source: 'hashicorp/aws', version: '>= 6.0' } } },
    resource: {
      aws_cloudformation_stack_set: {
        member: {
          name: stackSetName,
          ...renamed({ ...set, ...preferences, managedExecution: { active: true } }, underscored),
          // The provider wants each of them, those with a default included.
          parameters: Object.fromEntries(
            Object.entries(Parameters).map(([name, { Default }]) => [name, Default]),
          ),
          template_body: `\${file("\${path.module}/${template.name}")}`,
          // Service-managed sets have none, and the provider would see a change each time.
          lifecycle: { ignore_changes: ['administration_role_arn'] },
        },
      },
      aws_cloudformation_stack_instances: {
        member: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: of Terraform
          stack_set_name: '${aws_cloudformation_stack_set.member.name}',
          call_as: set.callAs,
          ...renamed({ ...instancesOf(config, rollout), ...preferences }, underscored),
        },
      },
    },
  };
  return {
    files: [{ name: `${config.prefix}-member.tf.json`, content: json(document) }],
    next: 'Put both files into a module of the account that administers StackSets, then terraform apply.',
  };
};

const landingZoneAccelerator: Channel = (config, template) => {
  const entry = {
    customizations: {
      cloudFormationStacks: [
        {
          name: `${config.prefix}-member`,
          description: 'OIDC factory: member accounts',
          template: `cloudformation/${template.name}`,
          regions: [memberRegion(config)],
          runOrder: 1,
          terminationProtection: true,
          deploymentTargets: { organizationalUnits: ['Root'] },
        },
      ],
    },
  };
  const comment =
    '# Landing Zone Accelerator names units and accounts as its own configuration does: narrow the targets here.\n';
  return {
    files: [{ name: 'customizations-config.yaml', content: `${comment}${stringify(entry)}` }],
    next: `Put the template into cloudformation/ of the accelerator's configuration, the entry into its customizations-config.yaml.`,
  };
};

const CHANNELS: Readonly<Record<TemplateFormat, Channel>> = {
  cloudformation: (config, { name }) => ({
    files: [],
    next: `In each account: aws cloudformation deploy --region ${memberRegion(config)} --stack-name ${config.prefix}-member --capabilities CAPABILITY_NAMED_IAM --template-file ${name}`,
  }),
  stackset: stackSet,
  terraform,
  lza: landingZoneAccelerator,
};

function rolloutOf({ rollout }: FactoryConfig): NonNullable<FactoryConfig['rollout']> {
  if (rollout) return rollout;
  throw new CommandFailure('usage', 'NoRollout', 'The config does not say where the member stack goes', {
    remedy: 'Name the organizational units in rollout.organizationalUnits.',
  });
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** Its members under other names, those within included. */
function renamed(value: object, rename: (key: string) => string): Record<string, unknown> {
  const within = (member: unknown): unknown =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? renamed(member, rename)
      : member;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [rename(key), within(member)]));
}

const capitalized = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
const underscored = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
