/** Bitbucket Pipelines: steps outside environments read, steps of the deployment environment deploy. */
import { App, Stack } from 'aws-cdk-lib';
import { BitbucketSubject, CiProvider, CiRolePair } from '../../../lib/ci/index.ts';
import { mayDeploySite, mayReadSite, siteBoundary } from '../site.ts';

export const app = new App();
const stack = new Stack(app, 'BitbucketPipelines');
// Both are on the repository's page "OpenID Connect"; the environment's is in the API's answer.
const repository = BitbucketSubject.repo('{0f1f2f3f-0000-4000-8000-000000000001}');

const roles = new CiRolePair(stack, 'Site', {
  provider: CiProvider.bitbucket(stack, 'Bitbucket', {
    workspace: 'acme',
    workspaceUuid: '0f1f2f3f-0000-4000-8000-000000000000',
  }),
  plan: [repository.step()],
  apply: [repository.environment('{0f1f2f3f-0000-4000-8000-000000000002}')],
  boundary: siteBoundary(stack),
});
mayReadSite(roles.plan);
mayDeploySite(roles.apply);
