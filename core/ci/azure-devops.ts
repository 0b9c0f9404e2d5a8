/**
 * Azure DevOps service connections, each organization with an issuer of its own. Microsoft retires it on 2027-07-01.
 * https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity
 */
import { field, template } from './grammar.ts';
import { issuerKind, type SubjectOf } from './issuer.ts';

// The issuer belongs to one organization already; who uses a connection is the connection's own setting.
const organization = field('organization', 'run', { excludes: '/' });
const project = field('project', 'project', { excludes: '/' });
const connection = field('connection', 'project', { excludes: '/' });

const FORMS = {
  'service-connection': { template: template`sc://${organization}/${project}/${connection}` },
} as const;

export type AzureDevOpsSubject = SubjectOf<typeof FORMS>;

export const azureDevOps = issuerKind({
  id: 'azure-devops',
  name: 'Azure DevOps',
  forms: FORMS,
  lever: 'none',
  people: { project: 'whoever can create a service connection in the organization' },
  locate: (path) =>
    /^vstoken\.dev\.azure\.com\/[^/]+$/.test(path)
      ? { shared: false, audience: 'api://AzureADTokenExchange' }
      : undefined,
});
