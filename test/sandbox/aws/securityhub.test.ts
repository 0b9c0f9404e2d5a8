/** Security Hub through the guard's own adapter, and what it refuses. */
import { PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asffFinding } from '../../../core/guard/finding-event.ts';
import { accountId } from '../../../core/ids.ts';
import { type SecurityHub, securityHub } from '../../../lambdas/adapters/security-hub.ts';
import { createSecurityHub, type ImportedFinding } from '../../../sandbox/aws/securityhub.ts';
import { CRITICAL, FILE } from '../../fixtures/guard.ts';
import { ACCOUNT, allow, type Harness, startHarness } from './wire-harness.ts';

let harness: Harness;
let hub: SecurityHub;
beforeAll(async () => {
  harness = await startHarness();
  harness.cloud.register(createSecurityHub());
  const { accessKeyId, secretAccessKey } = harness.admin.credentials;
  const { requestHandler, maxAttempts } = harness.stsClient().config;
  hub = securityHub({
    partition: 'aws',
    env: { AWS_ENDPOINT_URL: harness.server.endpoint },
    // An administrator instead of a session of the member role.
    openSession: async () => ({
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey } as never,
      requestHandler,
      maxAttempts,
    }),
  });
});
afterEach(() => expect(harness.defects).toEqual([]));
afterAll(() => harness.close());

const call = <T>(operation: string, input: object = {}) =>
  harness.cloud.invoke<T>('securityhub', operation, input, harness.admin.caller, 'us-east-1');
const subject = { ...FILE, accountId: accountId(ACCOUNT) };
const opened = (productArn: string) =>
  asffFinding(subject, { kind: 'opened', finding: CRITICAL }, productArn);
const imported = async () => (await call<{ Findings: ImportedFinding[] }>('GetFindings')).Findings;

describe('findings of an account', () => {
  it('go nowhere where it does not use Security Hub, without an error', async () => {
    await hub.report(subject.accountId, (product) => [opened(product)]);
    await expect(imported()).rejects.toThrow('not subscribed');
    await call('EnableSecurityHub');
    expect(await imported()).toEqual([]);
  });

  it('are kept by their id, the latest state of each', async () => {
    const later = {
      ...CRITICAL,
      changedAt: '2026-06-02T00:00:00.000Z',
      resolvedAt: '2026-06-02T00:00:00.000Z',
    };
    await hub.report(subject.accountId, (product) => [opened(product)]);
    await hub.report(subject.accountId, (product) => [
      asffFinding(subject, { kind: 'resolved', finding: later }, product),
    ]);
    await hub.report(subject.accountId, (product) => [opened(product)]);
    expect(await imported()).toMatchObject([
      { RecordState: 'ARCHIVED', Compliance: { Status: 'PASSED' }, AwsAccountId: ACCOUNT },
    ]);
  });

  it.each([
    ['of another account', { AwsAccountId: '444455556666' }],
    ['under another product', { ProductArn: 'arn:aws:securityhub:us-east-1:111122223333:product/x/y' }],
    ['of no severity', { FindingProviderFields: { Types: [] } }],
    ['without a time', { UpdatedAt: 'yesterday' }],
    ['with too long a title', { Title: 'x'.repeat(257) }],
  ])('are refused %s', async (_, change) => {
    await expect(
      hub.report(subject.accountId, (product) => [{ ...opened(product), ...change }]),
    ).rejects.toThrow('InvalidInput');
  });

  it('are refused with a field that the sandbox does not know', async () => {
    const odd = hub.report(subject.accountId, (product) => [{ ...opened(product), Malware: [] }]);
    await expect(odd).rejects.toMatchObject({ code: 'Unexpected' });
  });

  it('need the permission', async () => {
    const deny = allow({ Action: '*', Resource: '*' }).replace(
      '}]',
      '},{"Effect":"Deny","Action":"securityhub:BatchImportFindings","Resource":"*"}]',
    );
    await harness
      .iamClient()
      .send(new PutUserPolicyCommand({ UserName: 'admin', PolicyName: 'deny', PolicyDocument: deny }));
    await expect(hub.report(subject.accountId, (product) => [opened(product)])).rejects.toMatchObject({
      code: 'MemberAccessDenied',
    });
  });

  it('wait where nobody answers', async () => {
    const lost = securityHub({
      partition: 'aws',
      env: { AWS_ENDPOINT_URL_SECURITYHUB: 'http://127.0.0.1:1' },
      openSession: async () => ({
        ...harness.stsClient().config,
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' },
      }),
    });
    await expect(lost.report(subject.accountId, (product) => [opened(product)])).rejects.toMatchObject({
      code: 'Unavailable',
      retryable: true,
    });
  });
});
