/** Findings as SARIF 2.1.0. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
import type { Finding, Severity } from '../../core/lint/finding.ts';
import type { LintResult } from '../../core/lint/lint.ts';
import { RULE_IDS, RULES } from '../../core/lint/rules.ts';
import { withPlainNames } from '../../core/lint/unresolved.ts';
import type { Judged } from './read.ts';

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};

/** How GitHub code scanning sorts alerts. */
const SCORES: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.0',
  low: '3.0',
  info: '1.0',
};

export const sarifOf = (judged: readonly Judged[]): object => ({
  $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'oidc-factory lint',
          rules: RULE_IDS.map((id) => ({
            id,
            name: RULES[id].title,
            shortDescription: { text: RULES[id].about },
            help: { text: RULES[id].remedy },
            properties: { tags: ['security'] },
          })),
        },
      },
      invocations: [
        {
          executionSuccessful: judged.every(({ results }) =>
            results.every(({ unjudged }) => unjudged === undefined),
          ),
          toolExecutionNotifications: judged.flatMap(({ results }) => results.flatMap(notificationsOf)),
        },
      ],
      results: judged.flatMap((source) =>
        source.results.flatMap((result) =>
          result.findings.map((finding) => resultOf(source, result, finding)),
        ),
      ),
    },
  ],
});

const notificationsOf = ({ name, unjudged }: LintResult): object[] =>
  unjudged === undefined
    ? []
    : [{ level: 'error', message: { text: `${name} was not judged: ${unjudged}` } }];

function resultOf({ source }: Judged, { name }: LintResult, finding: Finding): object {
  const { rule, severity, message, remedy, witness, accepted, provider } = finding;
  const shown = witness
    ? ` This token gets in: ${JSON.stringify({ iss: witness.iss, ...witness.claims })}.`
    : '';
  return {
    ruleId: rule,
    ruleIndex: RULE_IDS.indexOf(rule),
    level: LEVELS[severity],
    message: { text: withPlainNames(`${name}: ${message}${shown} ${remedy}`) },
    locations: [locationOf(source.file, source.text, name)],
    partialFingerprints: { 'oidcFactory/v1': [name, rule, provider ?? ''].join('/') },
    properties: { severity, 'security-severity': SCORES[severity] },
    ...(accepted && {
      suppressions: [
        {
          kind: 'external',
          status: 'accepted',
          justification: `${accepted.reason} (until ${accepted.until})`,
        },
      ],
    }),
  };
}

function locationOf(file: string | undefined, text: string | undefined, name: string): object {
  const logicalLocations = [{ fullyQualifiedName: name, kind: 'resource' }];
  if (file === undefined || text === undefined || file === '-') return { logicalLocations };
  const at = text.indexOf(name);
  const startLine = at < 0 ? 1 : text.slice(0, at).split('\n').length;
  return {
    physicalLocation: { artifactLocation: { uri: file.replaceAll('\\', '/') }, region: { startLine } },
    logicalLocations,
  };
}
