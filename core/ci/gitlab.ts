/**
 * GitLab CI/CD, on gitlab.com or an instance of one's own.
 * https://docs.gitlab.com/ci/secrets/id_token_authentication/
 */
import { type CustomSubject, customSubjects } from './custom.ts';
import { field, template } from './grammar.ts';
import { type Forms, type IssuerKind, issuerKind, type SubjectOf } from './issuer.ts';

const group = field('group', 'tenant', { excludes: ':/' });
/** What follows the top-level group: subgroups and the project. */
const path = field('path', 'project');
const projectId = field('projectId', 'project', { kind: 'id', pattern: /^\d+$/, attacker: '90000002' });
const branch = field('branch', 'ref');
const tag = field('tag', 'ref');
const refProtected = field('refProtected', 'ref', { kind: 'guard', attacker: 'false' });

const named = template`${group}/${path}`;

// Who may push can move a tag. There is no form for merge requests: their pipelines carry the source branch.
const FORMS = {
  branch: { template: ['project_path:', ...named, ':ref_type:branch:ref:', branch] },
  tag: { template: ['project_path:', ...named, ':ref_type:tag:ref:', tag], open: 'ref' },
  'id-branch': { template: ['project_id:', projectId, ':ref_type:branch:ref:', branch] },
  'id-tag': { template: ['project_id:', projectId, ':ref_type:tag:ref:', tag], open: 'ref' },
} as const satisfies Forms;

export type GitLabSubject = SubjectOf<typeof FORMS> | CustomSubject;

/** `ci_id_token_sub_claim_components`: the project first, by path or id. */
const custom = customSubjects({
  keys: {
    project_path: [named],
    project_id: [[projectId]],
    ref: [[branch]],
    ref_type: [['branch'], ['tag']],
    ref_protected: [[refProtected]],
  },
  others: /^(?:environment_protected|deployment_tier)$/,
  isDefault: (keys) => /^project_(?:path|id) ref_type ref$/.test(keys.join(' ')),
  prefixes: [['project_path'], ['project_path', 'ref_type', 'ref']],
});

/** AWS makes keys of these for gitlab.com alone. */
const CLAIMS = {
  project_id: [[projectId]],
  namespace_id: [[field('namespaceId', 'tenant', { kind: 'id', attacker: '90000001' })]],
  ref_protected: [[refProtected]],
  pipeline_source: [[field('pipelineSource', 'run', { attacker: 'push' })]],
  runner_environment: [[field('runnerEnvironment', 'run', { attacker: 'gitlab-hosted' })]],
  user_id: [[field('userId', 'run', { kind: 'id', attacker: '90000003' })]],
  user_login: [[field('userLogin', 'run', { kind: 'id' })]],
  user_email: [[field('userEmail', 'run', { kind: 'id', attacker: 'mallory@mallory.example' })]],
  user_access_level: [[field('userAccessLevel', 'ref', { kind: 'guard', attacker: 'developer' })]],
} as const;

const people = {
  tenant: 'anyone with a GitLab account',
  project: 'whoever can push to any other project of the group',
  ref: 'whoever can push a branch or a tag',
};

/** Within an instance of one's own a path that was given up can only go to a colleague. */
const onOwnInstance = (path: string) => ({
  shared: false,
  audience: `https://${path}`,
  people: { ...people, tenant: 'anyone with an account on this GitLab instance' },
});

const kind = issuerKind({
  id: 'gitlab',
  name: 'GitLab CI/CD',
  forms: FORMS,
  formsFor: custom.formsFor,
  people,
  locate(path) {
    if (path === 'gitlab.com') {
      return { shared: true, claims: CLAIMS, audience: 'https://gitlab.com', lever: 'id' };
    }
    return /^gitlab\./.test(path) ? onOwnInstance(path) : undefined;
  },
  elsewhere: { subjects: /^project_(?:path|id):/, hosted: 'gitlab.com', located: onOwnInstance },
});

export const gitlab: IssuerKind<GitLabSubject> = {
  ...kind,
  parse: (sub) => kind.parse(sub) ?? custom.parse(sub),
  print: (subject) => (subject.form === 'custom' ? custom.print(subject) : kind.print(subject)),
};
