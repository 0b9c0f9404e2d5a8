/** What there is to judge: trust policies, templates, dumps of an account, or the account itself. */
import { providerPathOf } from '../../core/ci/issuers.ts';
import { isTemplate, readDocument, readTemplate } from '../../core/lint/cloudformation.ts';
import type { LintResult, LintSubject } from '../../core/lint/lint.ts';
import type { Estate, ScannedRole } from '../../core/scan.ts';
import { isObject, type JsonObject } from '../../core/trust-policy/document.ts';
import type { AwsOptions } from '../aws.ts';
import { CommandFailure } from '../failure.ts';
import { type Io, textOf } from '../io.ts';
import { rolesOf } from '../scan/account-details.ts';
import { readAccount } from '../scan/read-account.ts';
import { parseYaml } from './yaml.ts';

/** Roles from one place. */
export interface Source {
  /** File name, `-`, or nothing for a live account. */
  readonly file: string | undefined;
  /** Undefined for a live account. */
  readonly text: string | undefined;
  readonly subjects: readonly LintSubject[];
  readonly clientIds: ReadonlyMap<string, readonly string[]>;
}

/** One source, and what was said of its roles. */
export interface Judged {
  readonly source: Source;
  readonly results: readonly LintResult[];
}

export async function readLive(io: Io, options: AwsOptions): Promise<Source> {
  const { roles, providers }: Estate = await readAccount(io, options);
  const listed = (providers ?? []).map(
    ({ providerArn, clientIds }) => [providerPathOf(providerArn), clientIds] as const,
  );
  return { file: undefined, text: undefined, subjects: roles.map(subjectOf), clientIds: new Map(listed) };
}

const EXPECTED =
  'a trust policy, a CloudFormation template, or an answer of GetAccountAuthorizationDetails, GetRole or ListRoles';

/** Reads a file, in JSON or YAML. Fails with InvalidInput where there is nothing in it that can be judged. */
export function readFile(io: Io, file: string): Source {
  const text = textOf(io, file).replace(/^\uFEFF/, '');
  const from = file === '-' ? 'Standard input' : file;
  const value = parse(text, from);
  const read = { file, text, clientIds: new Map<string, readonly string[]>() };
  if (isTemplate(value)) {
    const { roles, clientIds } = readTemplate(value);
    return { ...read, subjects: roles, clientIds };
  }
  if (isObject(value)) {
    if (Array.isArray(value.RoleDetailList)) return { ...read, subjects: rolesOf(value).map(subjectOf) };
    const answered = Array.isArray(value.Roles)
      ? value.Roles
      : isObject(value.Role)
        ? [value.Role]
        : undefined;
    if (answered) return { ...read, subjects: answeredRoles(answered) };
    if (value.Statement !== undefined) {
      return { ...read, subjects: [{ name: file, trustPolicy: readDocument(value) }] };
    }
  }
  throw new CommandFailure('usage', 'InvalidInput', `${from}: expected ${EXPECTED}`);
}

/** JSON first: as YAML it would take much longer. */
function parse(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (!/^\s*[{[]/.test(text)) return parseYaml(text, from);
    throw new CommandFailure('usage', 'InvalidInput', `${from} is not JSON: expected ${EXPECTED}`, { cause });
  }
}

const subjectOf = ({ roleArn, trustPolicy, tags, policies, boundary }: ScannedRole): LintSubject => ({
  name: roleArn,
  trustPolicy,
  facts: { tags, policies, ...(boundary !== undefined && { boundary }) },
});

/** GetRole and ListRoles tell no policies, but how long sessions may last. */
function answeredRoles(roles: readonly unknown[]): readonly LintSubject[] {
  const seconds = roles.map((role) => (role as JsonObject).MaxSessionDuration);
  return rolesOf({ RoleDetailList: roles }).map((role, index) => {
    const maxSessionSeconds = seconds[index];
    const facts = { tags: role.tags, ...(typeof maxSessionSeconds === 'number' && { maxSessionSeconds }) };
    return { name: role.roleArn, trustPolicy: role.trustPolicy, facts };
  });
}
