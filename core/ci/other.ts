/**
 * Issuers without a module of their own: those that AWS lists as shared by many customers, the two consumer logins that
 * every account knows, and all that is unknown, whose subjects nobody can tell apart.
 */
import { field, template } from './grammar.ts';
import { type Issuer, issuerKind, type Located } from './issuer.ts';

const subject = field('subject', 'tenant', { excludes: '', opaque: true });
const audience = field('audience', 'tenant', { kind: 'id', excludes: '' });
const application = field('application', 'tenant', { kind: 'id', excludes: '' });
const user = field('user', 'run', { excludes: '' });

const tenancyInSubject: Located = { shared: true };
const tenancyInAudience: Located = {
  shared: true,
  forms: { subject: { template: template`${user}`, also: [audience] } },
  claims: { aud: [[audience]] },
  audienceKey: undefined,
};
const consumerLogin: Located = {
  shared: true,
  forms: { subject: { template: template`${user}`, also: [application] } },
  claims: { app_id: [[application]], id: [[user]], user_id: [[user]] },
  audienceKey: undefined,
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html */
const KNOWN: Readonly<Record<string, readonly [name: string, located: Located]>> = {
  'oidc-configuration.audit-log.githubusercontent.com': ['GitHub audit log streaming', tenancyInSubject],
  'oidc.codefresh.io': ['Codefresh', tenancyInSubject],
  'studio.datachain.ai/api': ['DVC Studio', tenancyInSubject],
  'scalr.io': ['Scalr', tenancyInSubject],
  'tokens.cloud.shisho.dev': ['Shisho Cloud', tenancyInSubject],
  'proidc.upbound.io': ['Upbound', tenancyInSubject],
  'oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb': ['IBM Turbonomic', tenancyInSubject],
  'oidc.vercel.com': ['Vercel', tenancyInAudience],
  'api.pulumi.com/oidc': ['Pulumi Cloud', tenancyInAudience],
  'sandboxes.cloud': ['sandboxes.cloud', tenancyInAudience],
  'graph.facebook.com': ['Facebook', consumerLogin],
  'www.amazon.com': ['Login with Amazon', consumerLogin],
};

const kind = issuerKind({
  id: 'other',
  name: 'an issuer without rules of its own',
  forms: { subject: { template: template`${subject}` } },
  people: { tenant: 'anyone who gets a token of this issuer' },
  locate: (path) => {
    const [name, located] = KNOWN[path] ?? ['an issuer without rules of its own', { shared: false }];
    return { ...located, name };
  },
});

/** Never undefined: what no other kind knows is of this one. */
export const otherIssuer = (path: string): Issuer => kind.at(path) as Issuer;
