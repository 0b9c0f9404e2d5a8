import { admitApplication, trustPlatform } from '../application.ts';
import type { Facts, Plan } from '../plan.ts';
import { configuring, curlWithAssertion, indented, usages } from '../snippets.ts';

/** A job logs in as the role's application with the token that GitHub signs for it. */
export function github(facts: Facts): Plan {
  const federatedCredential = {
    name: 'github-<environment>',
    issuer: 'https://token.actions.githubusercontent.com',
    subject: 'repo:<owner>/<repository>:environment:<environment>',
    audiences: [facts.assertionAudience],
  } as const;
  return {
    direct:
      'AWS trusts GitHub itself: create the OIDC provider token.actions.githubusercontent.com with the audience sts.amazonaws.com, a role whose sub condition is the subject below, and use aws-actions/configure-aws-credentials. Entra in between adds a party and nothing else.',
    federatedCredential,
    steps: [
      trustPlatform(
        facts,
        federatedCredential,
        'Without an environment the subject ends in :ref:refs/heads/<branch>. Repositories that were created, renamed or transferred after 2026-07-15 have ids in it: repo:<owner>@<id>/<repository>@<id>:….',
      ),
      admitApplication(facts),
      {
        title: 'Log in within the job',
        text: "GitHub's token lasts minutes, and every process logs in with it: let later steps begin with the same lines.",
        snippets: [{ name: 'workflow', what: '.github/workflows/<name>.yml', content: workflow(facts) }],
      },
      {
        title: 'Use it',
        text: 'Instead of a configuration by the step, with a profile or by hand.',
        snippets: [...usages(facts), curlWithAssertion(facts)],
      },
    ],
  };
}

const loginScript = (facts: Facts): string[] => [
  'umask 077',
  `printf 'Authorization: bearer %s' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\`,
  '  | curl --fail-with-body --silent --show-error --header @- \\',
  `      "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${facts.assertionAudience}" \\`,
  '  | jq --join-output .value > "$RUNNER_TEMP/entra-assertion"',
  'echo "AZURE_FEDERATED_TOKEN_FILE=$RUNNER_TEMP/entra-assertion" >> "$GITHUB_ENV"',
  ...configuring(facts),
];

const workflow = (facts: Facts): string =>
  [
    'permissions:',
    '  id-token: write',
    '  contents: read',
    'jobs:',
    '  deploy:',
    '    runs-on: ubuntu-latest',
    '    environment: <environment>',
    '    env:',
    `      AZURE_TENANT_ID: ${facts.issuer.tenantId}`,
    `      AZURE_CLIENT_ID: ${facts.clientId}`,
    '    steps:',
    '      - run: |',
    ...indented(10, loginScript(facts)),
    '      - run: aws sts get-caller-identity',
  ].join('\n');
