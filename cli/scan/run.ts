import { entraIssuer } from '../../core/issuer.ts';
import { type Estate, scan, tenantsOf } from '../../core/scan.ts';
import type { InspectionSettings } from '../../core/settings.ts';
import type { AwsOptions } from '../aws.ts';
import { type Io, jsonOf } from '../io.ts';
import { knownFactory, knownFactoryIfAny } from '../settings.ts';
import type { SettingsOptions } from '../settings-options.ts';
import { rolesOf } from './account-details.ts';
import { printTenant, type TenantFindings } from './print.ts';
import { readAccount } from './read-account.ts';

export interface ScanOptions extends AwsOptions, SettingsOptions {
  readonly file?: string;
  readonly json?: true;
}

export async function runScan(io: Io, options: ScanOptions): Promise<void> {
  const estate = options.file === undefined ? await readAccount(io, options) : fromFile(io, options.file);
  const rolesRead = estate.roles.length;
  const providersKnown = estate.providers !== undefined;
  const tenants = settingsFor(options, estate).map((settings): TenantFindings => {
    const { tenantId, url } = settings.issuer;
    return { tenantId, issuer: url, ...scan(estate, settings) };
  });
  if (options.json) {
    io.out(JSON.stringify({ rolesRead, providersKnown, tenants }));
    return;
  }
  for (const tenant of tenants) printTenant(io, tenant, providersKnown);
  const trusting = tenants.reduce((sum, { roles }) => sum + roles.length, 0);
  io.out(
    `${rolesRead} roles read, ${trusting} of them trust ${tenants.length === 1 ? 'the' : 'an'} Entra tenant.`,
  );
}

function fromFile(io: Io, file: string): Estate {
  return {
    roles: rolesOf(jsonOf(io, file, 'the answer of GetAccountAuthorizationDetails')),
    providers: undefined,
  };
}

/** The tenant of the config, or that was named; else each one found, under the defaults. */
function settingsFor(options: ScanOptions, estate: Estate): readonly InspectionSettings[] {
  const known = knownFactoryIfAny(options);
  if (known) return [known.settings];
  return tenantsOf(estate).map(({ tenantId, cloud }) => {
    const { settings } = knownFactory({ tenant: tenantId });
    return { ...settings, issuer: entraIssuer({ ...settings.issuer, cloud }) };
  });
}
