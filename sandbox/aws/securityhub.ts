/** AWS Security Hub: findings that an account imports for itself, under its default product. */
import { type ServiceCall, type ServiceDefinition, ServiceError } from '../cloud.ts';
import { arnOf, pageOf, Regional } from './regional.ts';

/** As it was imported last. */
export interface ImportedFinding {
  readonly Id: string;
  readonly ProductArn: string;
  readonly AwsAccountId: string;
  readonly SchemaVersion: string;
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly FindingProviderFields?: {
    readonly Severity?: { readonly Label?: string };
    readonly Types?: string[];
  };
  readonly Compliance?: { readonly Status?: string };
  readonly RecordState?: string;
  readonly [field: string]: unknown;
}

const MAX_FINDINGS = 100;
const LABELS = ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];
const STATUSES = ['PASSED', 'WARNING', 'FAILED', 'NOT_AVAILABLE'];

/** Register the result with the cloud. An account has to enable Security Hub before it imports findings. */
export function createSecurityHub(): ServiceDefinition {
  const hubs = new Regional(() => ({ enabled: false, findings: new Map<string, ImportedFinding>() }));
  const hubOf = (call: ServiceCall) => hubs.of(call.caller.accountId, call.region);

  function enabledHub(call: ServiceCall) {
    const hub = hubOf(call);
    if (hub.enabled) return hub;
    const message = `Account ${call.caller.accountId} is not subscribed to AWS Security Hub`;
    throw new ServiceError('InvalidAccessException', message, 401);
  }

  return {
    id: 'securityhub',
    operations: {
      EnableSecurityHub: (_input: object, call) => {
        authorize(call, 'hub/default');
        hubOf(call).enabled = true;
        return {};
      },

      BatchImportFindings: ({ Findings }: { Findings: ImportedFinding[] }, call) => {
        const product = arnOf('securityhub', call.region, call.caller.accountId, productOf(call));
        for (const { ProductArn } of Findings) {
          call.authorize({ action: 'securityhub:BatchImportFindings', resource: ProductArn });
        }
        const hub = enabledHub(call);
        if (Findings.length === 0 || Findings.length > MAX_FINDINGS) {
          throw new ServiceError('InvalidInputException', `Expected 1 to ${MAX_FINDINGS} findings`);
        }
        const failed = Findings.flatMap((finding) => {
          const problem = problemOf(finding, call.caller.accountId, product);
          if (problem !== undefined)
            return [{ Id: finding.Id, ErrorCode: 'InvalidInput', ErrorMessage: problem }];
          const before = hub.findings.get(finding.Id);
          // An older state never replaces a newer one.
          if (!before || before.UpdatedAt < finding.UpdatedAt) hub.findings.set(finding.Id, finding);
          return [];
        });
        return {
          FailedCount: failed.length,
          SuccessCount: Findings.length - failed.length,
          FailedFindings: failed,
        };
      },

      GetFindings: (input: { MaxResults?: number; NextToken?: string }, call) => {
        authorize(call, 'hub/default');
        const { items, next } = pageOf([...enabledHub(call).findings.values()], {
          limit: input.MaxResults,
          token: input.NextToken,
          refuse: () => new ServiceError('InvalidInputException', 'Invalid parameter NextToken'),
        });
        return { Findings: items, ...(next !== undefined && { NextToken: next }) };
      },
    },
  };

  function authorize(call: ServiceCall, resource: string): void {
    const { caller, operation, region } = call;
    call.authorize({
      action: `securityhub:${operation}`,
      resource: arnOf('securityhub', region, caller.accountId, resource),
    });
  }
}

const productOf = ({ caller }: ServiceCall): string => `product/${caller.accountId}/default`;

/** What Security Hub would say of a finding that does not adhere to its format. */
function problemOf(finding: ImportedFinding, accountId: string, product: string): string | undefined {
  const { FindingProviderFields: { Severity, Types } = {}, Compliance, RecordState = 'ACTIVE' } = finding;
  const isTime = (time: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(time);
  const checks: [boolean, string][] = [
    [finding.SchemaVersion === '2018-10-08', 'SchemaVersion'],
    [finding.AwsAccountId === accountId, 'AwsAccountId'],
    [finding.ProductArn === product, 'ProductArn'],
    [finding.Id.length <= 512, 'Id'],
    [isTime(finding.CreatedAt) && isTime(finding.UpdatedAt), 'CreatedAt or UpdatedAt'],
    [LABELS.includes(Severity?.Label ?? ''), 'FindingProviderFields.Severity'],
    [Types?.every((type) => type.split('/').length <= 3) === true, 'FindingProviderFields.Types'],
    [STATUSES.includes(Compliance?.Status ?? 'NOT_AVAILABLE'), 'Compliance.Status'],
    [['ACTIVE', 'ARCHIVED'].includes(RecordState), 'RecordState'],
    [String(finding.Title).length <= 256, 'Title'],
    [String(finding.Description).length <= 1024, 'Description'],
  ];
  const wrong = checks.find(([fits]) => !fits);
  return wrong && `Finding does not adhere to Amazon Finding Format: ${wrong[1]}`;
}
