import { admitApplication } from '../application.ts';
import type { Facts, Plan } from '../plan.ts';
import { curlWithSecret, usages } from '../snippets.ts';

/** A machine without a platform that vouches for it logs in as the role's application with a secret. */
export const onprem = (facts: Facts): Plan => ({
  direct:
    'Where machines have certificates of your own CA, IAM Roles Anywhere gives them sessions of AWS without Entra and without a secret. Where Azure Arc manages them, they have a managed identity: --for azure.',
  steps: [
    {
      title: 'Get a client secret of the application',
      text: 'The application belongs to the factory: an administrator of the tenant creates the secret, and a new one before it expires.',
      snippets: [
        {
          name: 'login',
          what: 'a secret for a year; it is shown once',
          content: `az ad app credential reset --id ${facts.clientId} --append --display-name WORKLOAD --years 1 --query password --output tsv`,
        },
      ],
    },
    admitApplication(facts),
    {
      title: 'Use it with the login in the environment',
      text: `AZURE_TENANT_ID=${facts.issuer.tenantId}, AZURE_CLIENT_ID=${facts.clientId}, and AZURE_CLIENT_SECRET from where the machine keeps secrets.`,
      snippets: [...usages(facts), curlWithSecret(facts)],
    },
  ],
});
