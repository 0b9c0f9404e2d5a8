/**
 * The resource control policy that goes with the factory. It sees the token that is exchanged, never the trust policy of
 * the role: it can refuse tokens that no role of the factory takes, and cannot tell whether a role pins its subject.
 */
import { conditionKey, providerPath } from '../issuer.ts';
import {
  type DenyStatement,
  type GuardrailDocument,
  type GuardrailSettings,
  inDocuments,
} from './document.ts';

/** What a service principal's `sub` looks like: its object id. A person's is 43 characters without hyphens in these places. */
const GUID_PATTERN = '????????-????-????-????-????????????';

export function tokenAdmission({ issuer, placeholders }: GuardrailSettings): readonly GuardrailDocument[] {
  const path = providerPath(issuer.url).replace(/\/$/, '');
  // What AWS calls the audience is the caller in tokens of version 2, whose audience it calls oaud.
  const audienceClaims = issuer.tokenVersion === 1 ? ['aud'] : ['aud', 'oaud'];
  return inDocuments(
    [path, `${path}/`].flatMap((spelling, index) => [
      ...audienceClaims.map((claim) =>
        denied(`Placeholder${claim}${index}`, {
          StringEquals: { [conditionKey(spelling, claim)]: placeholders },
        }),
      ),
      denied(`Subject${index}`, {
        // Only tokens of this provider have the key at all; the operator below is true where its own is absent.
        Null: { [conditionKey(spelling, 'aud')]: 'false' },
        StringNotLike: { [conditionKey(spelling, 'sub')]: GUID_PATTERN },
      }),
    ]),
  );
}

const denied = (Sid: string, Condition: DenyStatement['Condition']): DenyStatement => ({
  Sid,
  Effect: 'Deny',
  Principal: '*',
  Action: 'sts:AssumeRoleWithWebIdentity',
  Resource: '*',
  Condition,
});
