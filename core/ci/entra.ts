/**
 * Microsoft Entra ID: one issuer for each tenant and token version.
 * https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
import { CLOUDS } from '../issuer.ts';
import { field, template, UUID, uuidOf } from './grammar.ts';
import { issuerKind, type Located, type SubjectOf } from './issuer.ts';

/** Object id of the service principal; for people something else. */
const principal = field('principal', 'tenant', { excludes: ':/', attacker: uuidOf('9') });
const client = field('client', 'tenant', {
  excludes: ':/',
  pattern: UUID,
  kind: 'id',
  attacker: uuidOf('8'),
});
const sessionName = field('sessionName', 'tenant', { kind: 'id' });

const FORMS = { principal: { template: template`${principal}`, also: [client] } } as const;
export type EntraSubject = SubjectOf<typeof FORMS>;

/** Tenants in which Microsoft's own services log in for all customers, whom they name as the session: public, US gov. */
const MICROSOFT: ReadonlySet<string> = new Set([
  '33e01921-4d64-4f8c-a055-5bdaffd5e33d',
  'cab8a31a-1906-4287-a0d8-4eef66b95f6e',
]);
const service = field('service', 'run', { attacker: uuidOf('7') });

const hosts = (version: 'v1IssuerHost' | 'v2IssuerHost') =>
  new Set(Object.values(CLOUDS).map((cloud) => cloud[version]));
const V1_HOSTS = hosts('v1IssuerHost');
const V2_HOSTS = hosts('v2IssuerHost');

function locate(path: string): Located | undefined {
  const [host = '', tenant = '', version] = path.split('/');
  if (V1_HOSTS.has(host)) {
    if (!MICROSOFT.has(tenant)) return { shared: false };
    return {
      shared: true,
      name: 'a Microsoft service',
      forms: { principal: { template: [service], also: [sessionName] } },
      claims: { 'sts:RoleSessionName': [[sessionName]] },
      people: { tenant: 'any other customer of the Microsoft service' },
    };
  }
  if (!V2_HOSTS.has(host) || version !== 'v2.0') return undefined;
  // These tokens name the application that asked for them, and AWS compares that as aud.
  return { shared: false, claims: { aud: [[client]] }, audienceKey: 'oaud' };
}

export const entra = issuerKind({
  id: 'entra',
  name: 'Microsoft Entra ID',
  forms: FORMS,
  people: { tenant: 'any application of the tenant' },
  locate,
});
