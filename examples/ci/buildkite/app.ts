/** Buildkite: builds of the branch main deploy, in sessions that carry the pipeline's name as a tag. */
import { App, Stack } from 'aws-cdk-lib';
import { BuildkiteSubject, CiProvider, CiRole } from '../../../lib/ci/index.ts';
import { mayDeploySite, siteBoundary } from '../site.ts';

export const app = new App();
const stack = new Stack(app, 'Buildkite');

const role = new CiRole(stack, 'Deploy', {
  provider: CiProvider.buildkite(stack, 'Buildkite'),
  subjects: [
    BuildkiteSubject.pipeline({
      org: 'acme',
      pipeline: 'site',
      orgId: '0f1f2f3f-0000-4000-8000-000000000000',
      pipelineId: '0f1f2f3f-0000-4000-8000-000000000001',
    }).branch('main'),
  ],
  sessionTags: true,
  boundary: siteBoundary(stack),
});
mayDeploySite(role);
