import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { plannedCalls, plannedLook } from '../../../core/explain/planned-calls.ts';
import type { Step } from '../../../core/ledger-entry.ts';
import { ENTRY, PROVIDER_ARN, SETTINGS } from '../../fixtures/domain.ts';
import { memberTemplate, policyStatements } from '../../lib/stacks.ts';

const RUN = { ...ENTRY, providerArn: PROVIDER_ARN };
const STEPS: readonly Step[] = [
  'inspect-role',
  'register-application',
  'add-audience',
  'verify-application',
  'assign-audience',
  'confirm-role-gone',
  'remove-audience',
  'delete-application',
];

/** Allowed for accounts as wholes, and of no role's run. */
const OF_ACCOUNTS = new Set([
  'iam:ListRoles',
  'iam:ListOpenIDConnectProviders',
  'iam:CreateOpenIDConnectProvider',
  'iam:TagOpenIDConnectProvider',
]);

let template: Template;
beforeAll(() => {
  template = memberTemplate();
});

describe('the planned calls', () => {
  // Every allowed action is used, which least-privilege tests show: so these are all that a run makes.
  it.each(['inspect', 'provider', 'trust'])('are all that the %s member role is allowed', (purpose) => {
    const as = `oidc-factory-${purpose}`;
    const planned = STEPS.flatMap((step) => plannedCalls(step, RUN, SETTINGS))
      .filter((call) => call.as === as)
      .map(({ call }) => call);
    const allowed = policyStatements(template, as)
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action }) => Action)
      .filter((action) => !OF_ACCOUNTS.has(action));
    expect(new Set(planned)).toEqual(new Set(allowed));
  });

  it('name role, provider and application', () => {
    expect(plannedLook(RUN, SETTINGS)).toEqual([
      { as: 'oidc-factory-inspect', call: 'iam:GetRole', on: 'deploy' },
      {
        as: 'oidc-factory-inspect',
        call: 'iam:GetOpenIDConnectProvider',
        on: 'sts.windows.net/11111111-2222-4333-8444-555555555555/',
      },
    ]);
    expect(plannedCalls('register-application', RUN, SETTINGS)[0]).toEqual({
      as: "the factory's application",
      call: 'POST /applications',
      on: 'aws-111122223333-deploy',
    });
  });

  it('purge what was deleted where the config says so', () => {
    const last = (deletion: 'soft' | 'purge') =>
      plannedCalls('delete-application', RUN, { ...SETTINGS, deletion }).at(-1)?.call;
    expect(last('soft')).toBe('DELETE /applications/{id}');
    expect(last('purge')).toBe('DELETE /directory/deletedItems/{id}');
  });
});
