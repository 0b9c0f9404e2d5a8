/**
 * Atlantis issues no tokens and runs everything under the identity of its own process: whoever can open a pull request
 * in one of its repositories can use all that the process may do. So one instance, one namespace and one role for each
 * project. A plan runs with the rights of an apply: require a review before the plan, or use a system that separates
 * them.
 */
import { App, Stack } from 'aws-cdk-lib';
import { CiProvider, CiRole, KubernetesSubject } from '../../../lib/ci/index.ts';
import { mayDeploySite, siteBoundary } from '../site.ts';

export const app = new App();
const stack = new Stack(app, 'Atlantis');
const boundary = siteBoundary(stack);
const provider = CiProvider.kubernetes(stack, 'Cluster', {
  issuerUrl: 'https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF',
});

for (const project of ['network', 'site']) {
  const role = new CiRole(stack, project, {
    provider,
    subjects: [KubernetesSubject.serviceAccount({ namespace: `atlantis-${project}`, name: 'atlantis' })],
    boundary,
  });
  mayDeploySite(role);
}
