import { describe, expect, it } from 'vitest';
import { asffFinding, type FindingSubject, ocsfFinding } from '../../../core/guard/finding-event.ts';
import type { FindingChange } from '../../../core/guard/findings.ts';
import { roleArn } from '../../../core/ids.ts';
import { ATTACHED, at, CRITICAL, FILE, finding, NOW, OPERATOR } from '../../fixtures/guard.ts';

const SUBJECT: FindingSubject = { ...FILE, createdBy: OPERATOR, containment: ATTACHED };
const judged = {
  ...finding('WI01', 'critical'),
  corrected: { Version: '2012-10-17', Statement: [] },
};
const OPENED: FindingChange = { kind: 'opened', finding: CRITICAL, judged };
const RESOLVED: FindingChange = {
  kind: 'resolved',
  finding: { ...CRITICAL, changedAt: at(5000), resolvedAt: at(5000) },
};
const PRODUCT = 'arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default';

describe('as an OCSF Compliance Finding', () => {
  it('says what is wrong with which role, who shows it, and how to mend it', () => {
    expect(ocsfFinding(SUBJECT, OPENED)).toMatchObject({
      class_uid: 2003,
      type_uid: 200301,
      activity_name: 'Create',
      severity: 'Critical',
      severity_id: 5,
      status: 'New',
      time: NOW,
      cloud: { account: { uid: FILE.accountId } },
      finding_info: { uid: `${FILE.roleArn}/${FILE.roleId}/WI01`, desc: 'WI01 here', created_time: NOW },
      compliance: { control: 'WI01', status: 'Fail' },
      resources: [{ uid: FILE.roleArn, owner: { uid: OPERATOR } }],
      remediation: { desc: judged.remedy },
      unmapped: {
        role_id: FILE.roleId,
        quarantine: 'attached',
        witness: judged.witness,
        corrected_trust_policy: JSON.stringify(judged.corrected),
      },
    });
  });

  it('is the same finding, closed, once it is mended', () => {
    const [opened, closed] = [ocsfFinding(SUBJECT, OPENED), ocsfFinding(SUBJECT, RESOLVED)];
    expect(closed).toMatchObject({
      type_uid: 200303,
      status: 'Resolved',
      compliance: { status: 'Pass' },
      time: NOW + 5000,
    });
    const uid = (body: object) => (body as { finding_info: { uid: string } }).finding_info.uid;
    expect(uid(closed)).toBe(uid(opened));
  });
});

describe('as Security Hub takes it', () => {
  it('is active and failed, later archived and passed, under the same id', () => {
    expect(asffFinding(SUBJECT, OPENED, PRODUCT)).toMatchObject({
      Id: `${FILE.roleArn}/${FILE.roleId}/WI01`,
      ProductArn: PRODUCT,
      AwsAccountId: FILE.accountId,
      FindingProviderFields: { Severity: { Label: 'CRITICAL' } },
      Compliance: { Status: 'FAILED' },
      RecordState: 'ACTIVE',
      Resources: [{ Type: 'AwsIamRole', Id: FILE.roleArn, Partition: 'aws', Region: 'us-east-1' }],
    });
    expect(asffFinding(SUBJECT, RESOLVED, PRODUCT)).toMatchObject({
      Id: `${FILE.roleArn}/${FILE.roleId}/WI01`,
      CreatedAt: at(0),
      UpdatedAt: at(5000),
      Compliance: { Status: 'PASSED' },
      RecordState: 'ARCHIVED',
    });
  });

  it('keeps its limits, and what tells findings apart', () => {
    const long = { ...SUBJECT, roleArn: roleArn(`arn:aws:iam::111122223333:role/${'p'.repeat(511)}/deploy`) };
    const message = 'm'.repeat(5000);
    const made = asffFinding(long, { ...OPENED, finding: { ...CRITICAL, message } }, PRODUCT) as {
      Id: string;
      Title: string;
      Description: string;
    };
    expect(made.Id.length).toBe(512);
    expect(made.Id.endsWith(`/deploy/${FILE.roleId}/WI01`)).toBe(true);
    expect(made.Description.length).toBe(1024);
    expect(made.Title.length).toBeLessThanOrEqual(256);
  });
});
