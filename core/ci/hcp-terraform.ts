/**
 * HCP Terraform, and Terraform Enterprise on a host of one's own.
 * https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens
 */
import { field, template } from './grammar.ts';
import { issuerKind, type SubjectOf } from './issuer.ts';

const organization = field('organization', 'tenant');
// A workspace's name is unique in its organization, so its project closes and opens nothing.
const project = field('project', 'run');
const workspace = field('workspace', 'project');
const stack = field('stack', 'project');
const deployment = field('deployment', 'project');
const phase = field('phase', 'phase', { pattern: /^(?:plan|apply)$/, attacker: 'plan' });
const operation = field('operation', 'phase', { attacker: 'plan' });

const FORMS = {
  workspace: {
    template: template`organization:${organization}:project:${project}:workspace:${workspace}:run_phase:${phase}`,
  },
  stack: {
    template: template`organization:${organization}:project:${project}:stack:${stack}:deployment:${deployment}:operation:${operation}`,
  },
  /** Of organizations from before there were projects. */
  legacy: { template: template`organization:${organization}:workspace:${workspace}:run_phase:${phase}` },
} as const;

export type HcpTerraformSubject = SubjectOf<typeof FORMS>;

export const hcpTerraform = issuerKind({
  id: 'hcp-terraform',
  name: 'HCP Terraform',
  forms: FORMS,
  // The tokens carry ids, but AWS makes no keys of them.
  lever: 'none',
  people: {
    tenant: 'anyone with an HCP Terraform organization',
    project: 'whoever can start a run in any other workspace of the organization',
    phase: 'a plan, which runs code that nobody has approved',
  },
  locate: (path) =>
    /^app\.(?:eu\.)?terraform\.io$/.test(path)
      ? { shared: true, audience: 'aws.workload.identity' }
      : undefined,
  elsewhere: {
    subjects: /^organization:/,
    hosted: 'app.terraform.io',
    located: () => ({ shared: false, audience: 'aws.workload.identity' }),
  },
});
