/** WI15, WI16: subjects and issuers whose time has not come, or is over. */
import type { Issuer } from '../ci/issuer.ts';
import type { JsonObject } from '../trust-policy/document.ts';
import { strings } from '../trust-policy/document.ts';
import type { Draft } from './draft.ts';
import { editConditions, replaceStatement } from './edits.ts';
import { openings } from './open.ts';
import { comparisonOf } from './patterns.ts';
import { claimOf, conditionsOn, type Trust } from './trust.ts';

/** An owner and a repository with a number after a hyphen: how an early announcement wrote the ids. */
const HYPHENS = /^repo:([^/:@]+)-(\d{3,})\/([^/:@]+)-(\d{3,})(?=:|$)/;
const ONE_ID = /^repo:(?:[^/:@]+@\d+\/[^/:@*?$]+|[^/:@*?$]+\/[^/:@]+@\d+)(?=:|$)/;
const IDS = /^repo:[^/:@]+@[^/:]+\/[^/:@]+@/;

/** Whether a subject has a form that GitHub never writes, though it means to have ids. */
export const isMalformed = (issuer: Issuer, value: string): boolean =>
  issuer.id === 'github' && (ONE_ID.test(value) || (issuer.lever === 'none' && IDS.test(value)));

export function formatDrafts(trust: Trust): readonly Draft[] {
  return openings(trust).flatMap(([statement, provider]) =>
    conditionsOn(statement.statement, provider.issuer, 'sub').flatMap(({ operator, values }): Draft[] => {
      if (provider.issuer.id !== 'github' || comparisonOf(operator) === undefined) return [];
      const known = values.filter((value) => !trust.guessed.has(value));
      const hyphened = known.find((value) => HYPHENS.test(value));
      const malformed = known.find((value) => isMalformed(provider.issuer, value));
      const at = { rule: 'WI15', provider, statements: [statement.index] } as const;
      return [
        ...(malformed === undefined
          ? []
          : [
              {
                ...at,
                severity: 'low' as const,
                message: `${malformedText(provider.issuer)}: "${malformed}" lets nobody in.`,
              },
            ]),
        ...(hyphened === undefined
          ? []
          : [
              {
                ...at,
                severity: 'high' as const,
                message: `"${hyphened}" names an owner and a repository that anybody can create; ids follow an @.`,
                correct: (document: JsonObject) => withAtSigns(document, statement.index, provider.issuer),
                unwanted: new Set(known),
              },
            ]),
      ];
    }),
  );
}

const malformedText = ({ lever }: Issuer): string =>
  lever === 'none'
    ? 'Enterprise Server writes no ids'
    : 'GitHub writes the ids of owner and repository, or neither';

const withAtSigns = (document: JsonObject, index: number, issuer: Issuer) =>
  replaceStatement(document, index, (statement) => {
    const edited = editConditions(statement, (operator, key, value) => {
      if (claimOf(issuer, key) !== 'sub') return [[operator, key, value]];
      const texts = (strings(value) ?? []).map((text) => text.replace(HYPHENS, 'repo:$1@$2/$3@$4'));
      return [[operator, key, Array.isArray(value) ? texts : texts[0]]];
    });
    return edited && [edited];
  });

/** WI16 */
export function retiringDrafts(trust: Trust): readonly Draft[] {
  return openings(trust)
    .filter(([, { issuer }]) => issuer.id === 'azure-devops')
    .map(([{ index }, provider]) => ({
      rule: 'WI16',
      severity: 'info',
      message: 'Azure DevOps issues such tokens until 2027-07-01.',
      provider,
      statements: [index],
    }));
}
