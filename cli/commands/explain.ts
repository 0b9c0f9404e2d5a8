import { Command } from 'commander';
import type { ExplainOptions } from '../explain/run.ts';
import type { Io } from '../io.ts';
import { withSettings } from '../settings-options.ts';

const HELP = `
An event may be an EventBridge event, a bare CloudTrail record, a list of either, one on each line, or a
CloudTrail log file (.json or .json.gz). A DeleteRole event carries nothing but a name: without --ledger
it is explained for a role that the factory knows. The steps are shown for a single event, and with --json.

Examples:
  oidc-factory explain event.json
  oidc-factory explain 111122223333_CloudTrail_us-east-1_20260302T0920Z_AbCdEf.json.gz
  oidc-factory explain --tenant 11111111-2222-4333-8444-555555555555 --json < records.jsonl
  aws cloudtrail lookup-events --region us-east-1 --query 'Events[].CloudTrailEvent' \\
    --lookup-attributes AttributeKey=EventName,AttributeValue=CreateRole | oidc-factory explain`;

export const command = (io: Io): Command =>
  withSettings(new Command('explain'))
    .description('What the factory would do with an event, and why. Asks nobody and changes nothing.')
    .argument('[event]', 'file with EventBridge events or CloudTrail records, - for standard input', '-')
    .option('--ledger <file>', 'what status --json has printed, which decides about DeleteRole events')
    .option('--json', 'one object for each record, a line each')
    .addHelpText('after', HELP)
    .action(async (file: string, options: ExplainOptions) => {
      const { runExplain } = await import('../explain/run.ts');
      runExplain(io, file, options);
    });
