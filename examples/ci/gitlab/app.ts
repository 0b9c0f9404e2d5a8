/** GitLab CI/CD: pipelines of unprotected branches plan, the protected branch main deploys. */
import { App, Stack } from 'aws-cdk-lib';
import { CiProvider, CiRolePair, GitLabSubject, Subject } from '../../../lib/ci/index.ts';
import { mayDeploySite, mayReadSite, siteBoundary } from '../site.ts';

export const app = new App();
const stack = new Stack(app, 'GitLabCi');
const project = { path: 'acme/web/site', id: '2000001' };

const roles = new CiRolePair(stack, 'Site', {
  provider: CiProvider.gitlab(stack, 'GitLab'),
  plan: [
    // GitLab has no subject for merge requests: their pipelines carry the source branch.
    Subject.unsafePattern(`project_path:${project.path}:ref_type:branch:ref:*`, {
      reason: 'plans of merge requests, whatever their branch',
    }).where({ project_id: project.id, ref_protected: 'false' }),
  ],
  apply: [GitLabSubject.project(project).branch('main').where({ ref_protected: 'true' })],
  boundary: siteBoundary(stack),
});
mayReadSite(roles.plan);
mayDeploySite(roles.apply);
