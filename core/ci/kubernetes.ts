/**
 * Service accounts of a Kubernetes cluster, on EKS or on one's own.
 * https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
 */
import { field, template } from './grammar.ts';
import { issuerKind, type SubjectOf } from './issuer.ts';

const NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const namespace = field('namespace', 'tenant', { pattern: NAME });
const serviceAccount = field('serviceAccount', 'project', { pattern: NAME });

const FORMS = {
  'service-account': { template: template`system:serviceaccount:${namespace}:${serviceAccount}` },
} as const;

export type KubernetesSubject = SubjectOf<typeof FORMS>;

const EKS = /^oidc[.-]eks\.[^/]+\/id\/[^/]+$/;
const cluster = { shared: false, audience: 'sts.amazonaws.com' } as const;

export const kubernetes = issuerKind({
  id: 'kubernetes',
  name: 'Kubernetes',
  forms: FORMS,
  people: {
    tenant: 'every service account of the cluster',
    project: 'whoever can create a service account, or a token for one, in the namespace',
  },
  locate: (path) => (EKS.test(path) ? cluster : undefined),
  elsewhere: { subjects: /^system:serviceaccount:/, located: () => cluster },
});
