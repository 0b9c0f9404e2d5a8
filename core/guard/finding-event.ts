/** A finding as others read it: an OCSF Compliance Finding on EventBridge, and Security Hub's own format. */
import type { AccountId, RoleArn, RoleId, RoleName } from '../ids.ts';
import type { Finding } from '../lint/finding.ts';
import { OCSF_CLASS, ocsfOf } from '../lint/ocsf.ts';
import { RULES } from '../lint/rules.ts';
import { type FindingChange, findingId, isOpen } from './findings.ts';
import type { Containment } from './role-file.ts';

export const FINDING_SOURCE = 'oidc-factory.guard';
export const FINDING_DETAIL_TYPE = 'OCSF Compliance Finding';

/** The role that findings are about. */
export interface FindingSubject {
  readonly accountId: AccountId;
  readonly roleArn: RoleArn;
  readonly roleId: RoleId;
  readonly roleName: RoleName;
  readonly createdBy?: string;
  readonly containment?: Containment;
}

const ACTIVITIES = {
  opened: [1, 'Create'],
  changed: [2, 'Update'],
  resolved: [3, 'Close'],
} as const satisfies Record<FindingChange['kind'], readonly [number, string]>;

/** As the linter says it, with what the guard knows beside: the incarnation, since when it stands, and what was done. */
export function ocsfFinding(subject: FindingSubject, { kind, finding, judged }: FindingChange): object {
  const { rule, firstSeenAt, changedAt } = finding;
  const [activity, activityName] = ACTIVITIES[kind];
  const open = isOpen(finding);
  const said = ocsfOf(subject.roleArn, judged ?? asLast(finding), Date.parse(changedAt));
  return {
    ...said,
    metadata: { ...said.metadata, product: { ...said.metadata.product, name: 'OIDC factory guard' } },
    type_uid: OCSF_CLASS * 100 + activity,
    activity_id: activity,
    activity_name: activityName,
    status_id: open ? 1 : 4,
    status: open ? 'New' : 'Resolved',
    finding_info: {
      ...said.finding_info,
      uid: findingId(subject, rule),
      created_time: Date.parse(firstSeenAt),
      modified_time: Date.parse(changedAt),
    },
    compliance: { ...said.compliance, status_id: open ? 3 : 1, status: open ? 'Fail' : 'Pass' },
    resources: said.resources.map((resource) => ({
      ...resource,
      name: subject.roleName,
      ...(subject.createdBy !== undefined && { owner: { uid: subject.createdBy } }),
    })),
    unmapped: {
      ...said.unmapped,
      role_id: subject.roleId,
      quarantine: subject.containment?.phase ?? 'none',
    },
  };
}

/** What was said last of a finding that is resolved. */
const asLast = ({ rule, severity, message }: FindingChange['finding']): Finding => ({
  rule,
  severity,
  message,
  remedy: RULES[rule].remedy,
  statements: [],
});

/** https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html */
export function asffFinding(
  subject: FindingSubject,
  { finding, judged }: FindingChange,
  productArn: string,
): object {
  const { rule, severity, message, firstSeenAt, changedAt } = finding;
  const [, partition = '', , region = ''] = productArn.split(':');
  const open = isOpen(finding);
  const label = severity === 'info' ? 'INFORMATIONAL' : severity.toUpperCase();
  return {
    SchemaVersion: '2018-10-08',
    // At most 512 characters; what tells findings apart is at the end.
    Id: findingId(subject, rule).slice(-512),
    ProductArn: productArn,
    GeneratorId: `oidc-factory-guard/${rule}`,
    AwsAccountId: subject.accountId,
    CreatedAt: firstSeenAt,
    UpdatedAt: changedAt,
    Title: titleOf(finding),
    Description: message.slice(0, 1024),
    Resources: [{ Type: 'AwsIamRole', Id: subject.roleArn, Partition: partition, Region: region }],
    FindingProviderFields: {
      Severity: { Label: label },
      Types: ['Software and Configuration Checks/AWS Security Best Practices'],
    },
    Compliance: { Status: open ? 'FAILED' : 'PASSED' },
    ...(judged && { Remediation: { Recommendation: { Text: judged.remedy.slice(0, 512) } } }),
    RecordState: open ? 'ACTIVE' : 'ARCHIVED',
  };
}

const titleOf = ({ rule }: FindingChange['finding']): string => `${rule}: ${RULES[rule].about}`;
