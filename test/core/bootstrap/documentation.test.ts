import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { GRAPH_PERMISSIONS } from '../../../core/doctor/tenant.ts';
import { CLOUDS } from '../../../core/issuer.ts';
import { ENTRA_FUNCTIONS } from '../../../core/naming.ts';

const text = readFileSync(new URL('../../../docs/entra.md', import.meta.url), 'utf8');

it('docs/entra.md makes by hand a credential for exactly the functions that log in, and grants the permission', () => {
  const [, functions = ''] = /for FUNCTION in ([^;]+); do/.exec(text) ?? [];
  expect(functions.split(' ')).toEqual([...ENTRA_FUNCTIONS]);
  expect(text).toContain(`OWNED_BY=${GRAPH_PERMISSIONS['Application.ReadWrite.OwnedBy']}`);
});

it('docs/entra.md has a row for every cloud', () => {
  for (const [cloud, endpoints] of Object.entries(CLOUDS)) {
    const hosts = [endpoints.authorityHost, endpoints.graphEndpoint].map((url) => new URL(url).host);
    const row = [
      `\`${cloud}\``,
      ...hosts,
      endpoints.v1IssuerHost,
      `\`${endpoints.federatedCredentialAudience}\``,
    ];
    expect(text).toContain(`| ${row.join(' | ')} |`);
  }
});
