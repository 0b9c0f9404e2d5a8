/** What a scan found, for people. */
import type { TenantId } from '../../core/ids.ts';
import type { ProviderFinding, RoleFinding } from '../../core/scan.ts';
import type { Io } from '../io.ts';
import { table } from '../table.ts';

export interface TenantFindings {
  readonly tenantId: TenantId;
  readonly issuer: string;
  readonly roles: readonly RoleFinding[];
  readonly providers: readonly ProviderFinding[];
}

export function printTenant(io: Io, found: TenantFindings, providersKnown: boolean): void {
  const { tenantId, issuer, roles, providers } = found;
  io.out(io.paint('bold', `Tenant ${tenantId}, issuer ${issuer}`));
  if (roles.length === 0) io.out('  No role trusts the tenant.');
  else printTable(io, [ROLE_COLUMNS, ...roles.map(roleRow)]);
  if (!providersKnown) {
    io.out('  The providers are not known: every bare word counts as placeholder, and every list has room.');
  } else if (providers.length === 0) io.out('  The account has no provider of the tenant.');
  else printTable(io, [PROVIDER_COLUMNS, ...providers.map(providerRow)]);
  io.out('');
}

function printTable(io: Io, rows: readonly (readonly string[])[]): void {
  const [header = '', ...lines] = table(
    rows.map(([first = '', ...rest]) => [`  ${first}`, ...rest]),
    io.width,
  );
  io.out(io.paint('dim', header));
  for (const line of lines) io.out(line);
}

const ROLE_COLUMNS = ['ROLE', 'FACTORY', 'SUB', 'ADMINISTRATOR', 'WHY'];

const roleRow = ({ roleArn, decision, detail, subject, administrator, status }: RoleFinding): string[] => [
  // Without the part that is the same for all.
  roleArn.slice(roleArn.indexOf(':role/') + ':role/'.length),
  decision,
  subject,
  administrator.join(', ') || '-',
  status === 'none' ? detail : `${detail}; its tags say ${status}`,
];

const PROVIDER_COLUMNS = ['PROVIDER', 'TOKENS', 'SPELLING', 'FREE', 'PLACEHOLDER'];

const SPELLINGS: Readonly<Record<ProviderFinding['spelling'], string>> = {
  exact: 'as in tokens',
  'slash-missing': 'WITHOUT the slash at its end: matches no token',
  'slash-added': 'WITH a slash at its end: matches no token',
  'other-case': 'in other case: matches no token',
};

const providerRow = ({
  providerArn,
  tokenVersion,
  spelling,
  free,
  placeholder,
}: ProviderFinding): string[] => [
  providerArn.slice(providerArn.indexOf('/') + 1),
  `v${tokenVersion}`,
  SPELLINGS[spelling],
  String(free),
  placeholder ? 'listed' : 'missing',
];
