/**
 * Buildkite.
 * https://buildkite.com/docs/agent/cli/reference/oidc
 */
import { field, template, UUID, uuidOf } from './grammar.ts';
import { issuerKind, type SubjectOf } from './issuer.ts';

const organization = field('organization', 'tenant');
const pipeline = field('pipeline', 'project');
const branch = field('branch', 'ref');
const tag = field('tag', 'ref');
const commit = field('commit', 'run', { attacker: '0'.repeat(40) });
const step = field('step', 'run');
const uuid = { kind: 'id', pattern: UUID } as const;
const organizationId = field('organizationId', 'tenant', { ...uuid, attacker: uuidOf('9') });
const pipelineId = field('pipelineId', 'project', { ...uuid, attacker: uuidOf('8') });
const clusterId = field('clusterId', 'tenant', { ...uuid, attacker: uuidOf('7') });

const rest = template`:commit:${commit}:step:${step}`;
const named = template`organization:${organization}:pipeline:${pipeline}:ref:`;
const FORMS = {
  branch: { template: [...named, 'refs/heads/', branch, ...rest] },
  tag: { template: [...named, 'refs/tags/', tag, ...rest], open: 'ref' },
  /** `--subject-claim pipeline_id`: the job chooses. */
  pipeline: { template: [pipelineId], also: [branch] },
} as const;

export type BuildkiteSubject = SubjectOf<typeof FORMS>;

export const buildkite = issuerKind({
  id: 'buildkite',
  name: 'Buildkite',
  forms: FORMS,
  claims: {
    organization_slug: [[organization]],
    organization_id: [[organizationId]],
    pipeline_slug: [[pipeline]],
    pipeline_id: [[pipelineId]],
    cluster_id: [[clusterId]],
    cluster_name: [[field('clusterName', 'run')]],
    build_branch: [[branch]],
  },
  optional: ['cluster_id', 'cluster_name'],
  lever: 'id',
  people: {
    tenant: 'anyone with a Buildkite organization',
    project: 'whoever can start a build in any other pipeline of the organization',
    ref: 'whoever can push a branch or a tag',
  },
  locate: (path) =>
    path === 'agent.buildkite.com' ? { shared: true, audience: 'sts.amazonaws.com' } : undefined,
});
