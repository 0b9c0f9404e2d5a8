/** The config before there is an application: its ids may still be missing. */
import { existsSync } from 'node:fs';
import { type AppId, appId } from '../../core/ids.ts';
import { isObject } from '../../core/trust-policy/document.ts';
import { ConfigError, type FactoryConfig, parseConfig, readConfigFile } from '../../lib/config/config.ts';
import { CommandFailure } from '../failure.ts';
import { DEFAULT_CONFIG } from '../settings-options.ts';

export interface EarlyConfig {
  readonly file: string;
  /** Where an id is missing, it is {@link NOBODY}. */
  readonly config: FactoryConfig;
  /** Undefined: not made yet. */
  readonly appId: AppId | undefined;
}

const NOBODY = '00000000-0000-0000-0000-000000000000';
const IDS = ['factoryAppId', 'factoryServicePrincipalId'] as const;

/** Everything but the two ids must be there. Fails with NoConfig and InvalidConfig. */
export function earlyConfig(named: string | undefined): EarlyConfig {
  const file = named ?? DEFAULT_CONFIG;
  if (named === undefined && !existsSync(file)) {
    throw new CommandFailure('usage', 'NoConfig', `There is no ${file} here, and no other is named`, {
      remedy: 'Copy oidc-factory.example.json, fill it in, and leave out what is not known yet.',
    });
  }
  try {
    const config = parseConfig(withIds(readConfigFile(file)), file);
    const { factoryAppId } = config.entra;
    return { file, config, appId: factoryAppId === NOBODY ? undefined : appId(factoryAppId) };
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new CommandFailure('usage', 'InvalidConfig', cause.message, { cause });
  }
}

/** What is no object the schema refuses. */
function withIds(input: unknown): unknown {
  if (!isObject(input) || !isObject(input.entra)) return input;
  const missing = IDS.filter((id) => (input.entra as object as Record<string, unknown>)[id] === undefined);
  return { ...input, entra: { ...input.entra, ...Object.fromEntries(missing.map((id) => [id, NOBODY])) } };
}
