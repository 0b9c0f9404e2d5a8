/**
 * Bitbucket Pipelines: one issuer for each workspace.
 * https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/
 */
import { field, template, uuidOf } from './grammar.ts';
import { issuerKind, type SubjectOf } from './issuer.ts';

const BRACED = /^\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/;

// The braces are part of each id, in tokens as well.
const repository = field('repository', 'project', { pattern: BRACED, attacker: `{${uuidOf('9')}}` });
const environment = field('environment', 'ref', { pattern: BRACED, attacker: `{${uuidOf('8')}}` });
const step = field('step', 'run', { pattern: BRACED, attacker: `{${uuidOf('7')}}`, volatile: true });

const FORMS = {
  deployment: { template: template`${repository}:${environment}:${step}` },
  /** Any other step, on any branch: no claim that AWS sees tells which. */
  step: { template: template`${repository}:${step}` },
} as const;

export type BitbucketSubject = SubjectOf<typeof FORMS>;

export const bitbucket = issuerKind({
  id: 'bitbucket',
  name: 'Bitbucket Pipelines',
  forms: FORMS,
  people: {
    project: 'whoever can push to any other repository of the workspace',
    ref: 'whoever can push a branch',
  },
  locate: (path) =>
    /^api\.bitbucket\.org\/2\.0\/workspaces\/[^/]+\/pipelines-config\/identity\/oidc$/.test(path)
      ? { shared: false }
      : undefined,
});
