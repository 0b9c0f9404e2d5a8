/** Google: a service account, by its number. Every account knows the issuer, so nothing is created for it. */
import { App, Stack } from 'aws-cdk-lib';
import { CiProvider, CiRole, GoogleSubject } from '../../../lib/ci/index.ts';
import { mayDeploySite, siteBoundary } from '../site.ts';

export const app = new App();
const stack = new Stack(app, 'Google');

const role = new CiRole(stack, 'Deploy', {
  provider: CiProvider.google(stack, 'Google', { audiences: ['aws-site-deploy'] }),
  subjects: [GoogleSubject.serviceAccount({ uniqueId: '100000000000000000001' })],
  boundary: siteBoundary(stack),
});
mayDeploySite(role);
