/** Apart from what reads them: help must not wait for the config's schema. */
import { type Command, Option } from 'commander';

export interface SettingsOptions {
  readonly config?: string;
  readonly tenant?: string;
}

export const DEFAULT_CONFIG = 'oidc-factory.json';

/** Adds `--config` and `--tenant`, for `knownFactory`. */
export const withSettings = (command: Command): Command =>
  command
    .option('--config <file>', `the factory's config (default: ${DEFAULT_CONFIG}, where there is one)`)
    .addOption(
      new Option('--tenant <id>', 'only the tenant, with the defaults of everything else').conflicts(
        'config',
      ),
    );
