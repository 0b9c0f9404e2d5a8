/**
 * GitHub Actions: pull requests plan, the protected environment deploys. The repository may move to immutable subjects
 * at any time.
 */
import { App, Stack } from 'aws-cdk-lib';
import { CiProvider, CiRolePair, GitHubSubject } from '../../../lib/ci/index.ts';
import { mayDeploySite, mayReadSite, siteBoundary } from '../site.ts';

export const app = new App();
const stack = new Stack(app, 'GitHubActions');
const repository = GitHubSubject.repo({
  owner: 'acme',
  repo: 'site',
  ownerId: '1000001',
  repoId: '2000001',
}).dual();

const roles = new CiRolePair(stack, 'Site', {
  provider: CiProvider.github(stack, 'GitHub'),
  plan: [repository.pullRequest()],
  apply: [repository.environment('production')],
  boundary: siteBoundary(stack),
});
mayReadSite(roles.plan);
mayDeploySite(roles.apply);
