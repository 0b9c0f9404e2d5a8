/** HCP Terraform: each phase of a workspace's runs has a role of its own. */
import { App, Stack } from 'aws-cdk-lib';
import { CiProvider, CiRolePair, HcpSubject } from '../../../lib/ci/index.ts';
import { mayDeploySite, mayReadSite, siteBoundary } from '../site.ts';

export const app = new App();
const stack = new Stack(app, 'HcpTerraform');
const workspace = HcpSubject.workspace({ org: 'acme', project: 'Web', workspace: 'site-production' });

const roles = new CiRolePair(stack, 'Site', {
  provider: CiProvider.hcpTerraform(stack, 'Terraform'),
  plan: [workspace.plan()],
  apply: [workspace.apply()],
  boundary: siteBoundary(stack),
});
mayReadSite(roles.plan);
mayDeploySite(roles.apply);
