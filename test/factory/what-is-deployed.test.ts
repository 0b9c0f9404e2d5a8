/** The sandbox runs the templates, definitions and bundles themselves: what is missing there is missing here. */
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import type { Fault } from '../../sandbox/recorder.ts';
import { type Change, changedAssembly, withCode, withoutAction, withoutRetry } from './changed-assembly.ts';
import { createRole, ended, placeholderOf, startFactory, trustOn } from './harness.ts';

/** How the creation of a role ends: status and error of the run, and what the role's tags say. */
async function created(changes: readonly Change[], fault?: Fault) {
  const dir = join(inject('runDir'), 'changed-assembly');
  const assembly = changedAssembly(inject('assemblyDir'), dir, ...changes);
  const factory = await startFactory({ assemblyDir: dir });
  try {
    if (fault) factory.sandbox.recorder.inject(fault);
    const { member } = factory;
    await createRole(member, 'role', trustOn(member, { aud: placeholderOf(factory) }));
    const { status, error } = (await ended(factory, 'create-role', 'role')) ?? {};
    const { tags } = await member.role('role');
    return { status, error, tag: tags['oidc-factory:status'], detail: tags['oidc-factory:detail'] };
  } finally {
    await factory.sandbox.close();
    assembly.remove();
  }
}

describe('without a permission that it needs, the main job fails and says so', () => {
  it.each([
    // Before the role is marked as served, nothing is said on it.
    ['InspectRoleFunctionRole', 'OidcFactory', 'dynamodb:PutItem', 'LedgerForbidden', undefined],
    [
      'RegisterApplicationFunctionRole',
      'OidcFactory',
      'sts:GetWebIdentityToken',
      'DirectoryLoginFailed',
      'failed',
    ],
    ['AddAudienceFunctionRole', 'OidcFactory', 'sts:AssumeRole', 'MemberRoleNotAssumable', 'failed'],
    [
      'ProviderRole',
      'OidcFactoryMember',
      'iam:AddClientIDToOpenIDConnectProvider',
      'MemberAccessDenied',
      'failed',
    ],
  ])('%s of %s: %s (%s)', async (role, stack, action, error, tag) => {
    const outcome = await created([withoutAction(stack, role, action)]);
    expect(outcome).toMatchObject({ status: 'FAILED', error, tag });
    if (tag) expect(outcome.detail).toContain(error);
  });
});

describe('a fault that passes', () => {
  /** As often as the SDK asks within one run of the function. */
  const fault: Fault = {
    service: 'iam',
    operation: 'AddClientIDToOpenIDConnectProvider',
    kind: 'throttle',
    times: 3,
  };

  it('is survived by the Retry of the definition', async () => {
    expect(await created([], fault)).toMatchObject({ status: 'SUCCEEDED', tag: 'ready' });
  });

  it('fails the run where the definition has no Retry', async () => {
    const changes = [withoutRetry('OidcFactory', 'CreateRoleStateMachine', 'AddAudience')];
    expect(await created(changes, fault)).toMatchObject({
      status: 'FAILED',
      error: 'Throttled',
      tag: 'failed',
    });
  });
});

it('runs the bundles', async () => {
  const code =
    "exports.handler = async () => { throw Object.assign(new Error('x'), { name: 'NameSquatted' }); };";
  const outcome = await created([withCode('OidcFactory', 'VerifyApplicationFunction', code)]);
  expect(outcome).toMatchObject({ status: 'FAILED', error: 'NameSquatted', tag: 'failed' });
});
