/** Steps of workloads that log in as the role's own application. */
import { FEDERATED_CREDENTIAL_KEY } from '../../core/tags.ts';
import type { Facts, FederatedCredential, Step } from './plan.ts';
import { federation } from './snippets.ts';

/** The credential of the application that trusts the platform's tokens, made by hand or by a tag. */
export const trustPlatform = (facts: Facts, credential: FederatedCredential, text: string): Step => ({
  title: "Let the role's application trust the platform's tokens",
  text: `${text} Issuer, subject and audience must equal those of the token, letter case included. The application belongs to the factory: an administrator of the tenant creates the credential. Where the platform team allows the workload (federatedCredentials in the factory's config), the factory does so by itself: set the tag ${FEDERATED_CREDENTIAL_KEY} of the role to issuer and subject, with a blank in between.`,
  snippets: [federation(facts, credential)],
});

/** The object id that has to be in `sub`. */
export const admitApplication = ({ clientId, subject, subjects }: Facts): Step => ({
  title: 'See that the role lets its application in',
  text:
    subject === 'open'
      ? 'The sub condition keeps nobody out: every application of the tenant gets in.'
      : `The sub condition lets in ${subjects.join(' ')}. The object id of the application's service principal must be among them; it is, unless somebody else was put there.`,
  snippets: [
    {
      name: 'objectId',
      what: 'the object id of its service principal',
      content: `az ad sp show --id ${clientId} --query id --output tsv`,
    },
  ],
});
