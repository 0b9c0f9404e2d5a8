/** Guardrails as they are attached, and requests that they are asked about. */
import {
  type GuardrailDocument,
  type GuardrailSettings,
  guardrailText,
} from '../../../core/guardrails/document.ts';
import { accountId } from '../../../core/ids.ts';
import { parsePolicy } from '../../../core/policy/document.ts';
import { authorize } from '../../../core/policy/evaluate.ts';
import type { RequestContext } from '../../../core/policy/types.ts';
import { ISSUER, PLACEHOLDER } from '../../fixtures/domain.ts';

export const FACTORY = '999988887777';
export const MEMBER = '111122223333';

export const GUARDRAILS: GuardrailSettings = {
  issuer: ISSUER,
  placeholders: [PLACEHOLDER],
  memberRolePrefix: 'oidc-factory',
  partition: 'aws',
  factoryAccountId: accountId(FACTORY),
  provider: 'factory',
  login: 'federated',
};

/** AWS attaches it to everything, beside which only Deny matters. */
const FULL_ACCESS = { Effect: 'Allow', Action: '*', Resource: '*' };

export interface Question {
  /** Name of the role that asks, with its path. */
  readonly by: string;
  readonly of?: string;
  readonly action: string;
  readonly resource?: string;
  readonly context?: RequestContext;
}

/** Whether service control policies let an administrator of the account do it. */
export function isPermitted(documents: readonly GuardrailDocument[], question: Question): boolean {
  const { by, of = MEMBER, action, resource = '*', context = {} } = question;
  const identity = [{ Version: '2012-10-17', Statement: [FULL_ACCESS] }, ...documents].map(
    (document, index) =>
      parsePolicy(
        typeof document === 'string' ? document : JSON.stringify(document),
        `policy ${index}`,
        'identity',
      ),
  );
  return authorize(
    {
      principal: {
        type: 'aws',
        accountId: of,
        arn: `arn:aws:sts::${of}:assumed-role/${by.split('/').at(-1)}/session`,
        roleArn: `arn:aws:iam::${of}:role/${by}`,
      },
      action,
      resource,
      context,
    },
    { identity },
    // The other side's policies are not in question.
    { crossAccount: false },
  ).allowed;
}

export const textsOf = (documents: readonly GuardrailDocument[]): readonly string[] =>
  documents.map(guardrailText);
