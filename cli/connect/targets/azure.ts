import { conditionKey } from '../../../core/issuer.ts';
import { type Facts, OBJECT_ID, type Plan } from '../plan.ts';
import { word } from '../quote.ts';
import { curlAsManagedIdentity, usages } from '../snippets.ts';

/** A managed identity logs in as itself: it asks for the role's audience, and its object id becomes the subject. */
export const azure = (facts: Facts): Plan => ({
  steps: [
    {
      title: 'Find the object id of the managed identity',
      text: 'It is also called principal id. The client id is another one, and never the subject of a token.',
      snippets: [
        {
          name: 'objectId',
          what: 'of a user-assigned identity; of a system-assigned one, its resource has it as identity.principalId',
          content: 'az identity show --resource-group GROUP --name IDENTITY --query principalId --output tsv',
        },
      ],
    },
    {
      title: 'Put it into the sub condition of the role',
      text: `${conditionKey(facts.providerArn, 'sub')} takes one object id or a list; then these principals get in, and nobody else.`,
      snippets: [
        {
          name: 'trust',
          what: `the trust policy as it is, with ${OBJECT_ID} as its only subject`,
          content: `aws iam update-assume-role-policy --role-name ${word(facts.profile)} --policy-document ${word(facts.trustPolicy)}`,
        },
      ],
    },
    {
      title: 'Use it where the managed identity is assigned',
      text: 'Where several are assigned, set AZURE_CLIENT_ID to the client id of the one. The metadata service keeps a token for up to a day.',
      snippets: [...usages(facts), curlAsManagedIdentity(facts)],
    },
  ],
});
