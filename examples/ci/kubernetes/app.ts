/** Kubernetes: one service account in a namespace of its own, on EKS or any cluster whose keys are public. */
import { App, Stack } from 'aws-cdk-lib';
import { CiProvider, CiRole, KubernetesSubject } from '../../../lib/ci/index.ts';
import { mayDeploySite, siteBoundary } from '../site.ts';

export const app = new App();
const stack = new Stack(app, 'Kubernetes');

const role = new CiRole(stack, 'Deploy', {
  provider: CiProvider.kubernetes(stack, 'Cluster', {
    issuerUrl: 'https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF',
  }),
  subjects: [KubernetesSubject.serviceAccount({ namespace: 'site-deploy', name: 'deployer' })],
  boundary: siteBoundary(stack),
});
mayDeploySite(role);
