/**
 * Google, which every account knows without a provider. AWS compares `azp` as aud, and the audience that was asked for
 * as oaud.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 */
import { field, template } from './grammar.ts';
import { issuerKind, type SubjectOf } from './issuer.ts';

const account = field('account', 'tenant', { pattern: /^\d+$/, attacker: '100000000000000000009' });
/** A service account's own id, or an application's: then whoever signs in to it is meant. */
const party = field('party', 'tenant', { kind: 'id', attacker: '100000000000000000009' });
const organizationNumber = field('organizationNumber', 'tenant', { kind: 'id', attacker: '900000000001' });

const FORMS = { account: { template: template`${account}`, also: [party, organizationNumber] } } as const;

export type GoogleSubject = SubjectOf<typeof FORMS>;

export const google = issuerKind({
  id: 'google',
  name: 'Google',
  forms: FORMS,
  claims: { aud: [[party]], 'google/organization_number': [[organizationNumber]] },
  optional: ['google/organization_number'],
  people: { tenant: 'anyone with a Google account' },
  locate: (path) => (path === 'accounts.google.com' ? { shared: true, audienceKey: 'oaud' } : undefined),
});
