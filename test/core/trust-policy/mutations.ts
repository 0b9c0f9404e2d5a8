/** Rewritings that are broken on purpose, each in one way, for the properties to refute. */
import { type RewrittenTrustPolicy, rewriteTrustPolicy } from '../../../core/trust-policy/rewrite.ts';
import { MANAGED_IDENTITY, SERVICE_PRINCIPAL } from '../../fixtures/domain.ts';
import { OTHER_PROVIDERS, type RewriteCase } from '../../generators/trust-policy.ts';
import { federatedOf, type Json, type Rewrite } from './properties.ts';

type Request = RewriteCase['request'];

const spoilt =
  (spoil: (text: string, request: Request) => string): Rewrite =>
  (request) => {
    const result: RewrittenTrustPolicy = rewriteTrustPolicy(request);
    return { ...result, document: spoil(result.document, request) };
  };

const spoiltList = (spoil: (statements: Json[], request: Request) => Json[]): Rewrite =>
  spoilt((text, request) => {
    const document = JSON.parse(text);
    const statements = spoil([document.Statement].flat(), request);
    return JSON.stringify({
      ...document,
      Statement: Array.isArray(document.Statement) ? statements : statements[0],
    });
  });

const spoiltStatements = (spoil: (statement: Json, request: Request) => Json): Rewrite =>
  spoiltList((statements, request) => statements.map((statement) => spoil(statement, request)));

/** Drops the comparisons for which `doomed` holds. */
const without = (doomed: (operator: string, key: string) => boolean): Rewrite =>
  spoiltStatements((statement) => {
    if (statement.Condition === undefined) return statement;
    const blocks = Object.entries(statement.Condition as Record<string, Json>)
      .map(([operator, block]): [string, [string, unknown][]] => [
        operator,
        Object.entries(block).filter(([name]) => !doomed(operator, name)),
      ])
      .filter(([, block]) => block.length > 0)
      .map(([operator, block]) => [operator, Object.fromEntries(block)]);
    return { ...statement, Condition: Object.fromEntries(blocks) };
  });

const isOurs = ({ Effect, Principal }: Json, { provider }: Request) =>
  Effect === 'Allow' && federatedOf({ Principal }).includes(provider.providerArn);

const endsWith = (claim: string) => (_: string, name: string) => name.toLowerCase().endsWith(claim);

/** Breaks nothing: what the machinery of the mutations does by itself must not be what is refuted. */
export const harmless: Rewrite = spoiltStatements((statement) => statement);

export const changesAgain: Record<string, Rewrite> = {
  'claims a change each time': (request) => ({ ...rewriteTrustPolicy(request), changed: true }),
  'counts in the Sid': spoiltStatements((statement) => ({ ...statement, Sid: `${statement.Sid ?? ''}0` })),
  'forgets the pin': without(endsWith(':sub')),
};

export const touchesOthers: Record<string, Rewrite> = {
  'reverses the statements': spoiltList((statements) => statements.reverse()),
  'drops Deny': spoiltList((statements) => statements.filter(({ Effect }) => Effect !== 'Deny')),
  'normalizes actions': spoiltStatements((statement) =>
    typeof statement.Action === 'string'
      ? { ...statement, Action: statement.Action.toLowerCase() }
      : statement,
  ),
  'drops the session name': without((_, name) => name === 'sts:RoleSessionName'),
  'adds a Version': spoilt((text) => JSON.stringify({ Version: '2012-10-17', ...JSON.parse(text) })),
  'keeps only one part of a split': spoiltList((statements, request) =>
    statements.filter((statement, index) => {
      const before = statements[index - 1];
      return before === undefined || !isOurs(before, request) || isOurs(statement, request);
    }),
  ),
};

export const widens: Record<string, Rewrite> = {
  'drops a condition on another key': without((_, name) => name === 'sts:RoleSessionName'),
  'drops what only narrows': without((operator) => operator.includes('Not')),
  'drops the audience': without(endsWith(':aud')),
  'names another provider': spoiltStatements((statement, request) =>
    isOurs(statement, request)
      ? { ...statement, Principal: { Federated: [...federatedOf(statement), ...OTHER_PROVIDERS] } }
      : statement,
  ),
  'allows another action': spoiltStatements((statement, request) =>
    isOurs(statement, request) && statement.Action !== undefined
      ? { ...statement, Action: [statement.Action, 'sts:TagSession'].flat() }
      : statement,
  ),
  'puts itself in the place of the subject': spoilt((text) =>
    text.replaceAll(`:sub":"${MANAGED_IDENTITY}`, `:sub":"${SERVICE_PRINCIPAL}`),
  ),
};

export const opens: Record<string, Rewrite> = {
  'never pins': without((operator, name) => operator === 'StringEquals' && endsWith(':sub')(operator, name)),
  'pins to its own principal and another': spoilt((text, { provider }) => {
    const path = provider.providerArn.split('oidc-provider/')[1];
    return text.replaceAll(
      `"${path}:sub":"${SERVICE_PRINCIPAL}"`,
      `"${path}:sub":["${SERVICE_PRINCIPAL}","agent"]`,
    );
  }),
  'leaves the placeholder beside the audience': spoilt((text, { audience }) =>
    text.replaceAll(`:aud":"${audience}"`, `:aud":["${audience}","dummy-value"]`),
  ),
};

export const garbles: Record<string, Rewrite> = {
  'escapes no quotes': spoilt((text) => text.replaceAll('\\"', '"')),
  'adds whitespace': spoilt((text) => JSON.stringify(JSON.parse(text), null, 1)),
  'loses what is not ASCII': spoilt((text) => text.replaceAll(/[^ -~]/g, '?')),
};
