import { admitApplication, trustPlatform } from '../application.ts';
import type { Facts, Plan } from '../plan.ts';
import { configuring, curlWithAssertion, indented, usages } from '../snippets.ts';

/** A job logs in as the role's application with the token that GitLab signs for it. */
export function gitlab(facts: Facts): Plan {
  const federatedCredential = {
    name: 'gitlab-<branch>',
    issuer: 'https://gitlab.com',
    subject: 'project_path:<group>/<project>:ref_type:branch:ref:<branch>',
    audiences: [facts.assertionAudience],
  } as const;
  return {
    direct:
      'AWS trusts GitLab itself: create an OIDC provider with the URL of GitLab, a role whose aud condition is the audience of the id token and whose sub condition is the subject below, and call aws sts assume-role-with-web-identity. Entra in between adds a party and nothing else.',
    federatedCredential,
    steps: [
      trustPlatform(facts, federatedCredential, 'The issuer of a self-managed GitLab is its URL.'),
      admitApplication(facts),
      {
        title: 'Log in within the job',
        snippets: [{ name: 'workflow', what: '.gitlab-ci.yml', content: workflow(facts) }],
      },
      {
        title: 'Use it',
        text: 'Instead of the configuration by the script, with a profile or by hand.',
        snippets: [...usages(facts), curlWithAssertion(facts)],
      },
    ],
  };
}

const loginScript = (facts: Facts): string[] => [
  'export AZURE_FEDERATED_TOKEN_FILE="$(mktemp)"',
  'printf %s "$ENTRA_ASSERTION" > "$AZURE_FEDERATED_TOKEN_FILE"',
  ...configuring(facts),
];

const workflow = (facts: Facts): string =>
  [
    'deploy:',
    '  id_tokens:',
    '    ENTRA_ASSERTION:',
    `      aud: ${facts.assertionAudience}`,
    '  variables:',
    `    AZURE_TENANT_ID: ${facts.issuer.tenantId}`,
    `    AZURE_CLIENT_ID: ${facts.clientId}`,
    '  script:',
    '    - |',
    ...indented(6, loginScript(facts)),
    '    - aws sts get-caller-identity',
  ].join('\n');
