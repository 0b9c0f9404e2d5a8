/**
 * Terraform's `s3::` module sources: Terraform fetches them with the default credentials of its process, whatever
 * `profile` and `assume_role` the provider has. So fetching gets a role of its own, which reads modules and nothing else.
 */
import { App, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CiProvider, CiRole, GitHubSubject } from '../../../lib/ci/index.ts';

export const app = new App();
const stack = new Stack(app, 'TerraformModules');
const bucket = 'arn:aws:s3:::acme-terraform-modules';
const read = [
  new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket] }),
  new PolicyStatement({ actions: ['s3:GetObject', 's3:GetObjectVersion'], resources: [`${bucket}/*`] }),
];
const repository = GitHubSubject.repo({
  owner: 'acme',
  repo: 'site',
  ownerId: '1000001',
  repoId: '2000001',
});

const role = new CiRole(stack, 'ReadModules', {
  provider: CiProvider.github(stack, 'GitHub'),
  subjects: [repository.pullRequest(), repository.environment('production')],
  boundary: new ManagedPolicy(stack, 'Boundary', {
    description: 'Limits roles that fetch modules',
    statements: read,
  }),
});
role.accept('WI03', { reason: 'pull requests may read modules, and this role does nothing else' });
for (const statement of read) role.addToPolicy(statement);
