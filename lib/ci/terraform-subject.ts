import { type HcpTerraformSubject as HcpData, hcpTerraform } from '../../core/ci/hcp-terraform.ts';
import { written } from './literals.ts';
import { Subject } from './subject.ts';

export interface HcpWorkspaceProps {
  /** The organization. */
  readonly org: string;
  readonly project: string;
  readonly workspace: string;
}

export interface HcpStackProps {
  /** The organization. */
  readonly org: string;
  readonly project: string;
  readonly stack: string;
  readonly deployment: string;
}

/** Subjects of HCP Terraform and Terraform Enterprise: names alone, since AWS makes no keys of their ids. */
export const HcpSubject = {
  /** Each phase has a subject of its own: a plan runs code that nobody has approved. */
  workspace: ({ org, project, workspace }: HcpWorkspaceProps) => {
    const phased = (phase: 'plan' | 'apply') => (): Subject =>
      subject(`HcpSubject.workspace.${phase}`, {
        form: 'workspace',
        organization: org,
        project,
        workspace,
        phase,
      });
    return { plan: phased('plan'), apply: phased('apply') };
  },

  /** `operation` as the deployment names it: `plan` or `apply`. */
  stack: ({ org, project, stack, deployment }: HcpStackProps) => ({
    operation: (operation: string): Subject =>
      subject('HcpSubject.stack.operation', {
        form: 'stack',
        organization: org,
        project,
        stack,
        deployment,
        operation,
      }),
  }),
};

const subject = (builder: string, data: HcpData): Subject =>
  Subject.of({
    issuer: 'hcp-terraform',
    values: [written(builder, { ...data }, () => hcpTerraform.print(data))],
  });
