/**
 * GitHub Actions.
 * https://docs.github.com/en/actions/reference/security/oidc
 */
import { type CustomSubject, customSubjects } from './custom.ts';
import { field, template } from './grammar.ts';
import { type Forms, type IssuerKind, issuerKind, type Located, type SubjectOf } from './issuer.ts';

const DIGITS = /^\d+$/;

// `@` separates names from ids and cannot be in a name.
const owner = field('owner', 'tenant', { excludes: ':/@' });
const repo = field('repo', 'project', { excludes: ':/@' });
const id = { kind: 'id', excludes: ':/@', pattern: DIGITS } as const;
const ownerId = field('ownerId', 'tenant', { ...id, attacker: '90000001' });
const repoId = field('repoId', 'project', { ...id, attacker: '90000002' });

const branch = field('branch', 'ref');
const tag = field('tag', 'ref');
const environment = field('environment', 'ref', { escapesColon: true });
const pull = field('pull', 'ref', { pattern: DIGITS, attacker: '1' });

const workflowOwner = field('workflowOwner', 'workflow', { excludes: ':/@' });
const workflowRepo = field('workflowRepo', 'workflow', { excludes: ':/@' });
const file = { excludes: ':@', attacker: '.github/workflows/mallory.yml' };
const workflowFile = field('workflowFile', 'workflow', file);
const workflowRef = field('workflowRef', 'workflow', { attacker: 'refs/heads/mallory' });
const jobWorkflow = template`${workflowOwner}/${workflowRepo}/${workflowFile}@${workflowRef}`;

/** Names alone, or with the ids that GitHub never gives again. */
const classic = template`${owner}/${repo}`;
const immutable = template`${owner}@${ownerId}/${repo}@${repoId}`;
const heads = template`refs/heads/${branch}`;
const tags = template`refs/tags/${tag}`;

// Who may push can move a tag. In an environment `sub` says nothing of the branch, and of the template ["repo"] nothing
// but the repository.
const FORMS = {
  branch: { template: ['repo:', ...classic, ':ref:', ...heads] },
  environment: { template: ['repo:', ...classic, ':environment:', environment], also: [branch] },
  'pull-request': { template: ['repo:', ...classic, ':pull_request'], open: 'ref', also: [pull] },
  tag: { template: ['repo:', ...classic, ':ref:', ...tags], open: 'ref' },
  repository: { template: ['repo:', ...classic], also: [branch] },
  'immutable-branch': { template: ['repo:', ...immutable, ':ref:', ...heads] },
  'immutable-environment': {
    template: ['repo:', ...immutable, ':environment:', environment],
    also: [branch],
  },
  'immutable-pull-request': { template: ['repo:', ...immutable, ':pull_request'], open: 'ref', also: [pull] },
  'immutable-tag': { template: ['repo:', ...immutable, ':ref:', ...tags], open: 'ref' },
  'immutable-repository': { template: ['repo:', ...immutable], also: [branch] },
} as const satisfies Forms;

type DefaultSubject = SubjectOf<typeof FORMS>;
export type GitHubSubject = DefaultSubject | CustomSubject;

const CONTEXT: ReadonlySet<string> = new Set(['repo', 'ref', 'environment', 'pull_request']);
/** `include_claim_keys`; `context` shows as `ref:…`, `environment:…` or `pull_request`. */
const custom = customSubjects({
  keys: {
    repo: [classic, immutable],
    ref: [heads, tags],
    environment: [[environment]],
    pull_request: [[]],
    repository_owner: [[owner]],
    repository_owner_id: [[ownerId]],
    repository_id: [[repoId]],
    job_workflow_ref: [jobWorkflow],
  },
  others:
    /^(?:actor|actor_id|base_ref|enterprise|enterprise_id|event_name|head_ref|ref_type|repository_visibility|run_(?:attempt|id|number)|runner_environment|workflow|workflow_ref|workflow_sha|job_workflow_sha|repo_property_\w+)$/,
  also: [branch],
  isDefault: (keys) => keys.every((key) => CONTEXT.has(key)),
  prefixes: [['repo'], ['repo', 'ref'], ['repo', 'environment']],
});

const CLAIMS = {
  repository: [classic],
  repository_id: [[repoId]],
  repository_owner_id: [[ownerId]],
  job_workflow_ref: [jobWorkflow],
  ref: [heads, tags, template`refs/pull/${pull}/merge`],
  environment: [[environment]],
  workflow: [[field('workflow', 'run')]],
  // Whoever starts the run is somebody, whatever they start.
  actor: [[field('actor', 'run', { kind: 'id' })]],
  actor_id: [[field('actorId', 'run', { kind: 'id', attacker: '90000003' })]],
  enterprise_id: [[field('enterpriseId', 'tenant', { kind: 'id', attacker: '90000004' })]],
} as const;

const HOST = /^(?:vs)?token\.actions\.githubusercontent\.com$/;
/** An enterprise's own issuer, or an enterprise with data residency. */
const ENTERPRISE = /^token\.actions\.(?:githubusercontent\.com\/[^/]+|[^./]+\.ghe\.com(?:\/[^/]+)?)$/;
const SERVER = /^[^/]+\/_services\/token$/;

function locate(path: string): Located | undefined {
  const audience = 'sts.amazonaws.com';
  if (HOST.test(path)) return { shared: true, audience };
  if (ENTERPRISE.test(path)) return { shared: false, audience };
  // Enterprise Server writes no ids into subjects, and AWS gives it no keys of its own.
  if (SERVER.test(path)) return { shared: false, audience, claims: {}, lever: 'none' };
  return undefined;
}

const kind = issuerKind({
  id: 'github',
  name: 'GitHub Actions',
  forms: FORMS,
  formsFor: custom.formsFor,
  claims: CLAIMS,
  optional: ['environment', 'enterprise_id'],
  lever: 'id',
  people: {
    tenant: 'anyone with a GitHub account',
    project: 'whoever can write to any other repository of the owner',
    ref: 'whoever can push a branch or a tag, or open a pull request',
    workflow: 'whoever calls the reusable workflow, or can push to the repository that holds it',
  },
  locate,
  // Other forges copy its subjects.
  elsewhere: {
    subjects: /^(?:repo|job_workflow_ref|repository_owner(?:_id)?|repository_id):/,
    hosted: 'token.actions.githubusercontent.com',
    located: () => ({ shared: false, claims: {}, lever: 'none' }),
  },
});

export const github: IssuerKind<GitHubSubject> = {
  ...kind,
  parse: (sub) => kind.parse(sub) ?? custom.parse(sub),
  print: (subject) => (subject.form === 'custom' ? custom.print(subject) : kind.print(subject)),
};

/** The ids of a repository and its owner: GitHub writes both or neither. */
export interface GitHubIds {
  readonly ownerId: string;
  readonly repoId: string;
}

/** The subject of the same job once its repository has moved to immutable subjects. */
export function withIds(subject: DefaultSubject, ids: GitHubIds): DefaultSubject {
  const form = subject.form.startsWith('immutable-') ? subject.form : `immutable-${subject.form}`;
  return { ...subject, ...ids, form } as DefaultSubject;
}

/** The subject of the same job while its repository keeps classic subjects. */
export function withoutIds(subject: DefaultSubject): DefaultSubject {
  const { ownerId: _, repoId: __, ...rest } = subject as DefaultSubject & Partial<GitHubIds>;
  return { ...rest, form: subject.form.replace(/^immutable-/, '') } as DefaultSubject;
}
