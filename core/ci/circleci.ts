/**
 * CircleCI: one issuer for each organization, or with `--root-issuer` one for all.
 * https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/
 */
import { field, template, UUID, uuidOf } from './grammar.ts';
import { bind, issuerKind, type SubjectOf } from './issuer.ts';

const common = { excludes: '/', pattern: UUID } as const;

const organization = field('organization', 'tenant', { ...common, attacker: uuidOf('9') });
const project = field('project', 'project', { ...common, attacker: uuidOf('8') });
const user = field('user', 'run', { ...common, kind: 'id', attacker: uuidOf('7') });
const origin = field('origin', 'run', { excludes: '', attacker: 'github.com/mallory/mallory' });
const ref = field('ref', 'ref', { excludes: '', attacker: 'refs/heads/mallory' });

const job = template`org/${organization}/project/${project}/user/${user}`;
const FORMS = {
  /** Version 1, and version 2 for pipelines that no push started: any branch. */
  job: { template: job },
  'audit-logs': { template: template`org/${organization}/file-streaming/audit-logs`, closed: true },
  /** Version 2. */
  ref: { template: [...job, ...template`/vcs-origin/${origin}/vcs-ref/${ref}`] },
} as const;

export type CircleCiSubject = SubjectOf<typeof FORMS>;

export const circleci = issuerKind({
  id: 'circleci',
  name: 'CircleCI',
  forms: FORMS,
  claims: { 'oidc.circleci.com/project-id': [[project]] },
  people: {
    tenant: 'anyone with a CircleCI organization',
    project: 'whoever can start a pipeline in any other project of the organization',
    ref: 'whoever can push a branch, or run a job again with SSH',
  },
  locate(path) {
    if (path === 'oidc.circleci.com') return { shared: true };
    const [, id] = /^oidc\.circleci\.com\/org\/([^/]+)$/.exec(path) ?? [];
    if (id === undefined) return undefined;
    const forms = Object.entries(FORMS).map(([name, form]) => [
      name,
      { ...form, template: bind(form.template, { organization: id }) },
    ]);
    return { shared: false, audience: id, forms: Object.fromEntries(forms) };
  },
});
