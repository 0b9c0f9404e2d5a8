import { Command, Option } from 'commander';
import { EXPORT_FORMATS, type ExportOptions } from '../export/formats.ts';
import type { Io } from '../io.ts';
import { DEFAULT_CONFIG } from '../settings-options.ts';

const HELP = `
Formats:
  cloudformation  the template of the member stack alone
  stackset        the template, with the input of create-stack-set and create-stack-instances
  terraform       the template, with the StackSet and its instances as Terraform resources
  lza             the template, with its entry in customizations-config.yaml of Landing Zone Accelerator
  scp             service control policies: what belongs to the factory is changed by nobody else
  rcp             resource control policies: tokens that no role of the factory takes are refused

The template is the same in every format. It is synthesized from the config, for which aws-cdk-lib and constructs
must be installed beside this program. Which channel when, and what the policies cannot do: docs/rollout.md.

Examples:
  oidc-factory export --format stackset
  oidc-factory export --format scp --out guardrails
  oidc-factory export --format cloudformation --out - > member.template.json`;

export const command = (io: Io): Command =>
  new Command('export')
    .description('What rolls the factory out to member accounts, and what protects it there. Asks nobody.')
    .addOption(
      new Option('--format <format>', 'of what is wanted').choices(EXPORT_FORMATS).makeOptionMandatory(),
    )
    .option('--config <file>', "the factory's config", DEFAULT_CONFIG)
    .option(
      '--out <folder>',
      'where the files go (- for standard output, where it is one file)',
      'oidc-factory-export',
    )
    .option('--json', 'one JSON object that names the files')
    .addHelpText('after', HELP)
    .action(async (options: ExportOptions) => {
      const { runExport } = await import('../export/run.ts');
      await runExport(io, options);
    });
