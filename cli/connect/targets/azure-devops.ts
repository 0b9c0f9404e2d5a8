import { admitApplication, trustPlatform } from '../application.ts';
import type { Facts, Plan } from '../plan.ts';
import { configuring, indented, usages } from '../snippets.ts';

/** A pipeline logs in as the role's application through a service connection. */
export function azureDevOps(facts: Facts): Plan {
  const federatedCredential = {
    name: 'azure-devops-<service connection>',
    issuer: '<issuer that the service connection shows>',
    subject: '<subject that the service connection shows>',
    audiences: [facts.assertionAudience],
  } as const;
  return {
    federatedCredential,
    steps: [
      {
        title: 'Create a service connection for the application',
        text: `Project settings, Service connections, Azure Resource Manager, App registration or managed identity (manual), Workload identity federation; tenant ${facts.issuer.tenantId}, client id ${facts.clientId}, subscription 00000000-0000-0000-0000-000000000000: the application has no right in any. Save without verification.`,
      },
      trustPlatform(facts, federatedCredential, 'Copy issuer and subject from the service connection.'),
      admitApplication(facts),
      {
        title: 'Use it in the pipeline',
        text: 'The task names the service connection to what it runs; the access token has to be mapped by hand.',
        snippets: [
          { name: 'workflow', what: 'azure-pipelines.yml', content: pipeline(facts) },
          ...usages(facts),
        ],
      },
    ],
  };
}

const pipeline = (facts: Facts): string =>
  [
    'steps:',
    '  - task: AzureCLI@3',
    '    inputs:',
    '      azureSubscription: <service connection>',
    '      allowNoSubscriptions: true',
    '      scriptType: bash',
    '      scriptLocation: inlineScript',
    '      inlineScript: |',
    ...indented(8, [...configuring(facts), 'aws sts get-caller-identity']),
    '    env:',
    '      SYSTEM_ACCESSTOKEN: $(System.AccessToken)',
  ].join('\n');
