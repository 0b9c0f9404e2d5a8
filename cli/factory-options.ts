/** Apart from what finds a factory: help must not wait for SDKs. */
import type { Command } from 'commander';
import { withAwsOptions } from './aws.ts';

/** Adds `--profile`, `--region` and `--config`, for `deployedFactory`. */
export const withFactoryOptions = (command: Command): Command =>
  withAwsOptions(command).option(
    '--config <file>',
    "the factory's config, for its prefix and region (default: as it is found here)",
  );
