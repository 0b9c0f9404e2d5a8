/**
 * Security Hub's operations as far as they are served, in the form in which the SDK's packages export theirs: its own
 * package is not among the project's. Members, requirements and limits are those of the API reference.
 * https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
 */
import type { StaticErrorSchema, StaticOperationSchema, StaticStructureSchema } from '@smithy/types';

const NAMESPACE = 'com.amazonaws.securityhub';
const STRING = 0;
const NUMBER = 1;
const BOOLEAN = 2;
const DOCUMENT = 15;
const STRINGS = 64 | STRING;

/** Required members first, as the SDK has them. */
function structure(
  name: string,
  required: StaticStructureSchema[4] | Record<string, unknown>,
  optional: Record<string, unknown> = {},
): StaticStructureSchema {
  const members = { ...required, ...optional };
  return [
    3,
    NAMESPACE,
    name,
    0,
    Object.keys(members),
    Object.values(members) as StaticStructureSchema[5],
    Object.keys(required).length,
  ] as unknown as StaticStructureSchema;
}

const listOf = (name: string, member: unknown) => [1, NAMESPACE, name, 0, member];

const severity = structure('Severity', {}, { Label: STRING, Normalized: NUMBER, Original: STRING });
const resource = structure(
  'Resource',
  { Type: STRING, Id: STRING },
  { Partition: STRING, Region: STRING, Details: DOCUMENT, Tags: DOCUMENT },
);
/** Of the format's members those that are written here; another one is refused. */
const finding = structure(
  'AwsSecurityFinding',
  {
    SchemaVersion: STRING,
    Id: STRING,
    ProductArn: STRING,
    GeneratorId: STRING,
    AwsAccountId: STRING,
    CreatedAt: STRING,
    UpdatedAt: STRING,
    Title: STRING,
    Description: STRING,
    Resources: listOf('ResourceList', () => resource),
  },
  {
    FirstObservedAt: STRING,
    LastObservedAt: STRING,
    Compliance: structure('Compliance', {}, { Status: STRING, SecurityControlId: STRING }),
    FindingProviderFields: structure(
      'FindingProviderFields',
      {},
      { Severity: () => severity, Types: STRINGS },
    ),
    ProductFields: DOCUMENT,
    RecordState: STRING,
    Remediation: structure(
      'Remediation',
      {},
      { Recommendation: structure('Recommendation', {}, { Text: STRING, Url: STRING }) },
    ),
  },
);
const findings = listOf('FindingList', () => finding);
const importError = structure('ImportFindingsError', {
  Id: STRING,
  ErrorCode: STRING,
  ErrorMessage: STRING,
});

const operation = (name: string, path: string, input: unknown, output: unknown) =>
  [9, NAMESPACE, name, { http: ['POST', path, 200] }, input, output] as unknown as StaticOperationSchema;

export const BatchImportFindings$ = operation(
  'BatchImportFindings',
  '/findings/import',
  structure('BatchImportFindingsRequest', { Findings: findings }),
  structure('BatchImportFindingsResponse', {
    FailedCount: NUMBER,
    SuccessCount: NUMBER,
    FailedFindings: listOf('ImportFindingsErrorList', () => importError),
  }),
);
export const GetFindings$ = operation(
  'GetFindings',
  '/findings',
  structure('GetFindingsRequest', {}, { MaxResults: NUMBER, NextToken: STRING }),
  structure('GetFindingsResponse', { Findings: findings }, { NextToken: STRING }),
);
export const EnableSecurityHub$ = operation(
  'EnableSecurityHub',
  '/accounts',
  structure('EnableSecurityHubRequest', {}, { EnableDefaultStandards: BOOLEAN }),
  structure('EnableSecurityHubResponse', {}),
);

const error = (name: string, status: number) =>
  [
    -3,
    NAMESPACE,
    name,
    { error: 'client', httpError: status },
    ['Message', 'Code'],
    [STRING, STRING],
  ] as unknown as StaticErrorSchema;

export const InvalidAccessException$ = error('InvalidAccessException', 401);
export const InvalidInputException$ = error('InvalidInputException', 400);
