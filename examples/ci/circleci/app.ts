/**
 * CircleCI: pipelines of the branch main deploy. Tokens tell neither the job nor an SSH rerun: switch those off, and let
 * nothing run on main that you would not let deploy.
 */
import { App, Stack } from 'aws-cdk-lib';
import { CiProvider, CiRole, CircleSubject } from '../../../lib/ci/index.ts';
import { mayDeploySite, siteBoundary } from '../site.ts';

export const app = new App();
const stack = new Stack(app, 'CircleCi');
const orgId = '0f1f2f3f-0000-4000-8000-000000000000';
const projectId = '0f1f2f3f-0000-4000-8000-000000000001';

const role = new CiRole(stack, 'Deploy', {
  provider: CiProvider.circleci(stack, 'CircleCi', { orgId }),
  subjects: [
    CircleSubject.project({ orgId, projectId }).branch({
      origin: 'github.com/acme/site',
      ref: 'refs/heads/main',
    }),
  ],
  boundary: siteBoundary(stack),
});
mayDeploySite(role);
