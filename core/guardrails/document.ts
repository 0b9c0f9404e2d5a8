/** What service and resource control policies have in common. */
import { FactoryError } from '../errors.ts';
import type { AccountId } from '../ids.ts';
import type { Issuer, Partition } from '../issuer.ts';
import type { FactorySettings } from '../settings.ts';

/** What the guardrails are written for. */
export interface GuardrailSettings extends Pick<FactorySettings, 'placeholders' | 'memberRolePrefix'> {
  readonly issuer: Issuer;
  readonly partition: Partition;
  readonly factoryAccountId: AccountId;
  /** Who makes the OIDC providers of member accounts. */
  readonly provider: 'factory' | 'stack' | 'external';
  /** How the functions log in to Entra. */
  readonly login: 'federated' | 'secret';
}

/** Only takes away; `Principal` stands in resource control policies alone. */
export interface DenyStatement {
  readonly Sid: string;
  readonly Effect: 'Deny';
  readonly Principal?: '*';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface GuardrailDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly DenyStatement[];
}

/**
 * AWS Organizations: characters of a service control policy and of a resource control policy, white space included.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
 */
export const MAX_GUARDRAIL_LENGTH = 5120;

/** As it is to be attached: without white space, which counts. */
export const guardrailText = (document: GuardrailDocument): string => JSON.stringify(document);

/** As few documents as hold the statements in their order. Throws InvalidInput where one alone is too long. */
export function inDocuments(statements: readonly DenyStatement[]): GuardrailDocument[] {
  const documents: GuardrailDocument[] = [];
  for (const statement of statements) {
    const last = documents.at(-1);
    const together = documentOf(...(last?.Statement ?? []), statement);
    if (last && fits(together)) documents[documents.length - 1] = together;
    else documents.push(documentOf(statement));
  }
  const long = documents.find((document) => !fits(document));
  if (!long) return documents;
  throw new FactoryError(
    'InvalidInput',
    `guardrail ${long.Statement[0]?.Sid}: expected at most ${MAX_GUARDRAIL_LENGTH} characters, not ${guardrailText(long).length}`,
  );
}

const documentOf = (...statements: readonly DenyStatement[]): GuardrailDocument => ({
  Version: '2012-10-17',
  Statement: statements,
});

const fits = (document: GuardrailDocument): boolean => guardrailText(document).length <= MAX_GUARDRAIL_LENGTH;
