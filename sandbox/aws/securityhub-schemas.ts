/**
 * Security Hub's operations as far as they are served, in the form in which the SDK's packages export theirs: its own
 * package is not among the project's. Members, requirements and limits are those of the API reference.
 * https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
 */
import { BOOLEAN, DOCUMENT, NUMBER, STRING, STRINGS, schemasOf } from './model-schemas.ts';

const { structure, listOf, operation, error } = schemasOf('com.amazonaws.securityhub');

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

export const BatchImportFindings$ = operation(
  'BatchImportFindings',
  structure('BatchImportFindingsRequest', { Findings: findings }),
  structure('BatchImportFindingsResponse', {
    FailedCount: NUMBER,
    SuccessCount: NUMBER,
    FailedFindings: listOf('ImportFindingsErrorList', () => importError),
  }),
  ['POST', '/findings/import'],
);
export const GetFindings$ = operation(
  'GetFindings',
  structure('GetFindingsRequest', {}, { MaxResults: NUMBER, NextToken: STRING }),
  structure('GetFindingsResponse', { Findings: findings }, { NextToken: STRING }),
  ['POST', '/findings'],
);
export const EnableSecurityHub$ = operation(
  'EnableSecurityHub',
  structure('EnableSecurityHubRequest', {}, { EnableDefaultStandards: BOOLEAN }),
  structure('EnableSecurityHubResponse', {}),
  ['POST', '/accounts'],
);

export const InvalidAccessException$ = error('InvalidAccessException', 401);
export const InvalidInputException$ = error('InvalidInputException', 400);
