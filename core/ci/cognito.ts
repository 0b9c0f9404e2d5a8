/**
 * Amazon Cognito identity pools, which every account knows without a provider. Their roles are for many users: what
 * counts is which pool, and whether guests get in.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html
 */
import { field, template } from './grammar.ts';
import { issuerKind, type SubjectOf } from './issuer.ts';

const pool = field('pool', 'tenant', {
  kind: 'id',
  excludes: '',
  attacker: 'us-east-1:99999999-9999-4999-8999-999999999999',
});
const identity = field('identity', 'run', { excludes: '', attacker: pool.attacker });

const FORMS = {
  authenticated: { template: template`${identity}`, also: [pool], claims: { amr: ['authenticated'] } },
  guest: {
    template: template`${identity}`,
    also: [pool],
    claims: { amr: ['unauthenticated'] },
    open: 'project',
  },
} as const;

export type CognitoSubject = SubjectOf<typeof FORMS>;

const HOST = /^cognito-identity(?:-us-gov)?\.(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$/;

export const cognito = issuerKind({
  id: 'cognito',
  name: 'Amazon Cognito',
  forms: FORMS,
  claims: { aud: [[pool]] },
  people: {
    tenant: 'anyone with an identity pool in any AWS account',
    project: 'guests (anyone who knows the id of the identity pool)',
  },
  locate: (path) => (HOST.test(path) ? { shared: true, audienceKey: undefined } : undefined),
});
