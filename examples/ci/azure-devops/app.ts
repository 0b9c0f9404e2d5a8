/** Azure DevOps: a service connection that one pipeline may use. Its issuer retires on 2027-07-01. */
import { App, Stack } from 'aws-cdk-lib';
import { AzureDevOpsSubject, CiProvider, CiRole } from '../../../lib/ci/index.ts';
import { mayDeploySite, siteBoundary } from '../site.ts';

export const app = new App();
const stack = new Stack(app, 'AzureDevOps');

const role = new CiRole(stack, 'Deploy', {
  provider: CiProvider.azureDevOps(stack, 'AzureDevOps', {
    organizationId: '0f1f2f3f-0000-4000-8000-000000000000',
  }),
  subjects: [AzureDevOpsSubject.serviceConnection({ org: 'acme', project: 'Web', name: 'aws-production' })],
  boundary: siteBoundary(stack),
});
mayDeploySite(role);
