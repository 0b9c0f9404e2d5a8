/** A finding as an OCSF Compliance Finding. https://schema.ocsf.io/1.3.0/classes/compliance_finding */
import type { Finding, Severity } from './finding.ts';
import { RULES } from './rules.ts';

const OCSF_VERSION = '1.3.0';
const OCSF_SEVERITIES = {
  info: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
} as const satisfies Record<Severity, readonly [number, string]>;

export const OCSF_CLASS = 2003;
const CREATE = 1;

/**
 * @param name of what was judged: an ARN, or where it stands.
 * @param time milliseconds since the epoch.
 */
export function ocsfOf(name: string, finding: Finding, time: number) {
  const { rule, severity, message, remedy, witness, corrected, provider, accepted } = finding;
  const [severityId, severityName] = OCSF_SEVERITIES[severity];
  const [, account] = /^arn:[^:]+:iam::(\d{12}):/.exec(name) ?? [];
  const [id, text] = accepted ? ([3, 'Suppressed'] as const) : ([1, 'New'] as const);
  return {
    metadata: {
      version: OCSF_VERSION,
      ...(account !== undefined && { profiles: ['cloud'] }),
      product: { name: 'OIDC factory linter', vendor_name: 'OIDC factory' },
    },
    category_uid: 2,
    category_name: 'Findings',
    class_uid: OCSF_CLASS,
    class_name: 'Compliance Finding',
    type_uid: OCSF_CLASS * 100 + CREATE,
    activity_id: CREATE,
    activity_name: 'Create',
    time,
    severity_id: severityId,
    severity: severityName,
    status_id: id,
    status: text,
    ...(account !== undefined && {
      cloud: { provider: 'AWS', account: { uid: account, type: 'AWS Account', type_id: 10 } },
    }),
    finding_info: {
      uid: [name, rule, provider].filter((part) => part !== undefined).join('/'),
      title: `${rule} ${RULES[rule].title}`,
      desc: message,
      analytic: { uid: rule, name: RULES[rule].title, type: 'Rule', type_id: 1 },
    },
    compliance: { standards: ['OIDC factory'], control: rule, status_id: 3, status: 'Fail' },
    resources: [{ uid: name, type: 'AWS::IAM::Role' }],
    remediation: { desc: remedy },
    ...((witness || corrected) && {
      unmapped: {
        ...(witness && { witness }),
        ...(corrected && { corrected_trust_policy: JSON.stringify(corrected) }),
      },
    }),
  };
}
