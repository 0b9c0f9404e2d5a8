/** Where commands that work before anything is deployed learn what the factory decides by. */
import { existsSync } from 'node:fs';
import { tenantId } from '../core/ids.ts';
import type { FactorySettings } from '../core/settings.ts';
import {
  ConfigError,
  type FactoryConfig,
  loadConfig,
  parseConfig,
  settingsOf,
} from '../lib/config/config.ts';
import { CommandFailure } from './failure.ts';
import { DEFAULT_CONFIG, type SettingsOptions } from './settings-options.ts';

export interface KnownFactory {
  /** All but the factory's own application, which nobody knows before it is made. */
  readonly settings: Omit<FactorySettings, 'factoryAppId' | 'factoryServicePrincipalId'>;
  /** Undefined where only the tenant is known. `settingsOf` makes all of core's settings of it. */
  readonly config: FactoryConfig | undefined;
}

/** As {@link knownFactoryIfAny}. Fails with NoConfig where there is nothing to go by. */
export function knownFactory(options: SettingsOptions): KnownFactory {
  const known = knownFactoryIfAny(options);
  if (known) return known;
  throw new CommandFailure('usage', 'NoConfig', `There is no ${DEFAULT_CONFIG} here, and no other is named`, {
    remedy: 'Say --config <file>, or --tenant <id> where nothing is deployed yet.',
  });
}

/**
 * The tenant or config that was named, else the config in the current folder; undefined where there is none. Fails
 * with InvalidConfig and InvalidInput.
 */
export function knownFactoryIfAny({ config: named, tenant }: SettingsOptions): KnownFactory | undefined {
  if (tenant !== undefined) return { settings: settingsOf(configOfTenant(tenant)), config: undefined };
  const file = named ?? (existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : undefined);
  if (file === undefined) return undefined;
  const config = configFrom(file);
  return { settings: settingsOf(config), config };
}

/** Fails with InvalidConfig. */
export function configFrom(file: string): FactoryConfig {
  try {
    return loadConfig(file);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new CommandFailure('usage', 'InvalidConfig', cause.message, { cause });
  }
}

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The schema's defaults for the settings of a tenant. What else a config must say is not among them. */
const configOfTenant = (tenant: string): FactoryConfig =>
  parseConfig(
    {
      organizationId: 'o-0000000000',
      factory: { accountId: '000000000000', region: 'us-east-1' },
      entra: { tenantId: tenantId(tenant), factoryAppId: NOBODY, factoryServicePrincipalId: NOBODY },
    },
    '--tenant',
  );
