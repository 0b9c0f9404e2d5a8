/** A step in words, and the right that it needs. */
import { PERMISSION, type Step } from './plan.ts';

export function inWords(step: Step): string {
  const of = nameOf(step.which);
  switch (step.do) {
    case 'create-application':
      return `create the application ${step.displayName} (${of})`;
    case 'declare-permission':
      return `declare Microsoft Graph ${PERMISSION} on ${of}, and nothing else`;
    case 'remove-owner':
      return `remove ${of} from its own owners`;
    case 'remove-password':
      return `remove the client secret ${step.keyId} from ${of}: nothing uses it`;
    case 'remove-federated':
      return `remove the federated credential ${step.token.name} from ${of}: it trusts ${step.token.subject} of ${step.token.issuer}`;
    case 'add-federated':
      return `add the federated credential ${step.token.name} to ${of}: ${trusted(step.token)}`;
    case 'create-principal':
      return `create the service principal of ${of}${step.enabled ? '' : ', disabled'}`;
    case 'disable-principal':
      return `disable the service principal of ${of}, so that no token carries the placeholder`;
    case 'store-secret':
      return `add a client secret to ${of} and store it in ${step.secretArn}`;
    case 'grant-permission':
      return `grant Microsoft Graph ${PERMISSION} to ${of}, with admin consent`;
    case 'claim-identifier-uris':
      return `give ${of} the identifier URI ${step.uris.join(', ')}`;
  }
}

const trusted = ({ subject, issuer }: { subject: string; issuer: string }): string =>
  `it trusts ${subject} of ${issuer}`;

function nameOf(which: string): string {
  if (which === 'factory') return "the factory's application";
  return which === 'reservation' ? "the placeholder's application" : `the application ${which}`;
}

/** What an administrator lacks who may not take the step. */
export const rightFor = (step: Step): string =>
  step.do === 'grant-permission'
    ? 'the role Privileged Role Administrator, or as an application the permission AppRoleAssignment.ReadWrite.All'
    : 'the role Cloud Application Administrator, or as an application the permission Application.ReadWrite.All';
