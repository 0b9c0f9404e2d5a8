import { isAtLeast, SEVERITIES, type Severity } from '../../core/lint/finding.ts';
import { type LintResult, lint } from '../../core/lint/lint.ts';
import { ocsfOf } from '../../core/lint/ocsf.ts';
import { readSuppressions, type Suppression } from '../../core/lint/suppressions.ts';
import type { AwsOptions } from '../aws.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { type Io, jsonOf } from '../io.ts';
import { printFindings } from './print.ts';
import { type Judged, readFile, readLive } from './read.ts';
import { sarifOf } from './sarif.ts';

export interface LintOptions extends AwsOptions {
  readonly format: 'text' | 'json' | 'sarif' | 'ocsf';
  readonly json?: true;
  readonly failOn: Severity;
  readonly issuer?: readonly string[];
  readonly suppressions?: string;
}

export async function runLint(io: Io, files: readonly string[], options: LintOptions): Promise<void> {
  if (files.length > 0 && (options.profile ?? options.region) !== undefined) {
    throw new CommandFailure('usage', 'InvalidInput', 'Expected files, or --profile and --region, not both');
  }
  const sources = files.length > 0 ? files.map((file) => readFile(io, file)) : [await readLive(io, options)];
  const now = new Date();
  const suppressions = options.suppressions === undefined ? [] : suppressionsFrom(io, options.suppressions);
  const judged = sources.map((source): Judged => {
    const settings = {
      clientIds: source.clientIds,
      suppressions,
      today: now.toISOString().slice(0, 10),
      ...(options.issuer && { issuers: options.issuer }),
    };
    return { source, results: source.subjects.map((subject) => lint(subject, settings)) };
  });
  print(io, judged, options, now);
  if (judged.some(({ results }) => results.some((result) => fails(result, options.failOn))))
    io.exitCode = EXIT.no;
}

/** What was not judged may be anything. */
const fails = ({ findings, unjudged }: LintResult, failOn: Severity): boolean =>
  unjudged !== undefined ||
  findings.some(({ severity, accepted }) => !accepted && isAtLeast(severity, failOn));

function suppressionsFrom(io: Io, file: string): readonly Suppression[] {
  const read = readSuppressions(jsonOf(io, file, 'a list of suppressions'));
  if (typeof read !== 'string') return read;
  throw new CommandFailure('usage', 'InvalidInput', `${file}: ${read}`);
}

function print(io: Io, judged: readonly Judged[], options: LintOptions, now: Date): void {
  const format = options.json ? 'json' : options.format;
  if (format === 'text') printFindings(io, judged);
  if (format === 'json') io.out(JSON.stringify(answerOf(judged, options.failOn)));
  if (format === 'sarif') io.out(JSON.stringify(sarifOf(judged)));
  if (format !== 'ocsf') return;
  for (const { name, findings } of judged.flatMap(({ results }) => results)) {
    for (const finding of findings) io.out(JSON.stringify(ocsfOf(name, finding, now.getTime())));
  }
}

/** Roles of which nothing is to be said are only counted. */
function answerOf(judged: readonly Judged[], failOn: Severity): object {
  const all = judged.flatMap(({ results }) => results);
  const findings = all.flatMap((result) => result.findings);
  const counted = findings.filter(({ accepted }) => !accepted);
  return {
    rolesRead: all.length,
    failOn,
    failed: all.some((result) => fails(result, failOn)),
    counts: Object.fromEntries(
      SEVERITIES.map((severity) => [
        severity,
        counted.filter((finding) => finding.severity === severity).length,
      ]),
    ),
    accepted: findings.length - counted.length,
    unjudged: all.filter(({ unjudged }) => unjudged !== undefined).length,
    results: judged.flatMap(({ source, results }) =>
      results
        .filter((result) => result.findings.length > 0 || result.unjudged !== undefined)
        .map((result) => ({ ...(source.file !== undefined && { file: source.file }), ...result })),
    ),
  };
}
