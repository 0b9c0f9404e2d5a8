import { CfnResource, Stack } from 'aws-cdk-lib';
import type { CfnRole } from 'aws-cdk-lib/aws-iam';
import type { IssuerId } from '../../core/ci/issuer.ts';
import { readTemplate } from '../../core/lint/cloudformation.ts';
import { type Finding, isAtLeast } from '../../core/lint/finding.ts';
import { lint } from '../../core/lint/lint.ts';
import { RULES, type RuleId } from '../../core/lint/rules.ts';

export const today = (): string => new Date().toISOString().slice(0, 10);

/** What decides with the role who gets in, and what they may do. */
const BESIDE: ReadonlySet<string> = new Set([
  'AWS::IAM::OIDCProvider',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
]);

/** What the linter finds in a role as it will be deployed, with the policies of its stack; without what was accepted. */
export function findingsOn(role: CfnRole): readonly Finding[] {
  const stack = Stack.of(role);
  const beside = stack.node
    .findAll()
    .filter((node) => CfnResource.isCfnResource(node))
    .filter(({ cfnResourceType }) => BESIDE.has(cfnResourceType));
  const Resources = Object.assign({}, ...[role, ...beside].map((resource) => rendered(stack, resource)));
  const { roles, clientIds } = readTemplate({ Resources });
  return roles
    .flatMap((judged) => {
      const { findings, unjudged } = lint({ ...judged, name: role.node.path }, { clientIds, today: today() });
      if (unjudged !== undefined) throw new Error(`${role.node.path} cannot be judged: ${unjudged}`);
      return findings;
    })
    .filter(({ accepted }) => accepted === undefined);
}

/** The element's part of the template's resources. */
function rendered(stack: Stack, resource: CfnResource): object {
  // Every element has it, though it is left out of the declarations.
  const element = resource as CfnResource & { _toCloudFormation(): object };
  return stack.resolve(element._toCloudFormation()).Resources;
}

/** Whether a finding makes the synthesis fail. */
export const isError = ({ severity }: Finding): boolean => isAtLeast(severity, 'high');

/** Of what is for information alone, only the end of an issuer leaves something to do. */
export const isWarning = (finding: Finding): boolean =>
  !isError(finding) && (finding.severity !== 'info' || finding.rule === 'WI16');

/** What names the safe way to say who may enter, for each issuer. */
const BUILDERS: Readonly<Record<IssuerId, string | undefined>> = {
  github: 'GitHubSubject.repo({ owner, repo, ownerId, repoId }).environment(name)',
  gitlab: 'GitLabSubject.project({ path, id }).branch(name)',
  'hcp-terraform': 'HcpSubject.workspace({ org, project, workspace }).apply()',
  bitbucket: 'BitbucketSubject.repo(uuid).environment(uuid)',
  circleci: 'CircleSubject.project({ orgId, projectId }).branch({ origin, ref })',
  'azure-devops': 'AzureDevOpsSubject.serviceConnection({ org, project, name })',
  buildkite: 'BuildkiteSubject.pipeline({ org, pipeline, orgId, pipelineId }).branch(name)',
  kubernetes: 'KubernetesSubject.serviceAccount({ namespace, name })',
  google: 'GoogleSubject.serviceAccount({ uniqueId })',
  entra: undefined,
  cognito: undefined,
  other: undefined,
};

/** Rules about who gets in: a builder's subject has none of them. */
const OPEN: ReadonlySet<RuleId> = new Set(['WI01', 'WI02', 'WI03', 'WI04', 'WI05', 'WI13']);

/** The finding as whoever synthesizes reads it. */
export function textOf({ rule, message, remedy }: Finding, issuer: IssuerId): string {
  const builder = OPEN.has(rule) ? BUILDERS[issuer] : undefined;
  const way = builder === undefined ? remedy : `Use ${builder}, ${OTHERWISE}`;
  return `${rule} ${RULES[rule].title}: ${message} ${way}`;
}

const OTHERWISE = 'or where no builder serves Subject.unsafePattern(pattern, { reason }).';
