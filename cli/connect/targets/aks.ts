import { admitApplication, trustPlatform } from '../application.ts';
import type { Facts, Plan } from '../plan.ts';
import { curlWithAssertion, usages } from '../snippets.ts';

/** A pod logs in as the role's application with the token of its service account. */
export function aks(facts: Facts): Plan {
  const federatedCredential = {
    name: '<namespace>-<service account>',
    issuer: '<OIDC issuer of the cluster>',
    subject: 'system:serviceaccount:<namespace>:<service account>',
    audiences: [facts.assertionAudience],
  } as const;
  return {
    direct:
      "AWS can trust the cluster itself: create an OIDC provider with the cluster's issuer as URL and sts.amazonaws.com as audience, and a role whose sub condition is system:serviceaccount:<namespace>:<service account>. No Entra application is needed then.",
    federatedCredential,
    steps: [
      trustPlatform(
        facts,
        federatedCredential,
        'The issuer: az aks show --resource-group <group> --name <cluster> --query oidcIssuerProfile.issuerUrl (the cluster needs --enable-oidc-issuer and --enable-workload-identity).',
      ),
      admitApplication(facts),
      {
        title: 'Give the pod the service account',
        snippets: [{ name: 'manifest', what: 'Kubernetes', content: manifest(facts) }],
      },
      {
        title: 'Use it in the pod',
        text: 'The webhook of workload identity sets AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE.',
        snippets: [...usages(facts), curlWithAssertion(facts)],
      },
    ],
  };
}

const manifest = ({ clientId, issuer }: Facts): string =>
  [
    'apiVersion: v1',
    'kind: ServiceAccount',
    'metadata:',
    '  name: <service account>',
    '  namespace: <namespace>',
    '  annotations:',
    `    azure.workload.identity/client-id: ${clientId}`,
    `    azure.workload.identity/tenant-id: ${issuer.tenantId}`,
    '---',
    'apiVersion: v1',
    'kind: Pod',
    'metadata:',
    '  labels:',
    '    azure.workload.identity/use: "true"',
    'spec:',
    '  serviceAccountName: <service account>',
  ].join('\n');
