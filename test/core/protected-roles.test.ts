import { describe, expect, it } from 'vitest';
import { isProtected } from '../../core/protected-roles.ts';
import { SETTINGS } from '../fixtures/domain.ts';

const settings = { ...SETTINGS, protectedRoles: ['breakglass-*', 'Auditor'] };

describe('protected', () => {
  it.each([
    [{ roleName: 'x', path: '/aws-reserved/sso.amazonaws.com/' }],
    [{ roleName: 'x', path: '/AWS-Service-Role/support.amazonaws.com/' }],
    [{ roleName: 'OrganizationAccountAccessRole' }],
    [{ roleName: 'organizationaccountaccessrole', path: '/team/' }],
    [{ roleName: 'AWSControlTowerExecution' }],
    [{ roleName: 'aws-controltower-ForwardSnsNotificationRole' }],
    [{ roleName: 'AWSCloudFormationStackSetExecutionRole' }],
    [{ roleName: 'stacksets-exec-0123456789abcdef' }],
    [{ roleName: 'cdk-hnb659fds-deploy-role-111122223333-eu-central-1' }],
    [{ roleName: 'AWSServiceRoleForSupport' }],
    [{ roleName: 'AWSReservedSSO_Admin_0123456789abcdef' }],
    [{ roleName: 'OIDC-Factory-Inspect' }],
    [{ roleName: 'oidc-factory-trust', path: '/moved/' }],
    [{ roleName: 'BreakGlass-1' }],
    [{ roleName: 'auditor' }],
  ])('is %j', (role) => {
    expect(isProtected(role, settings)).toBe(true);
  });

  it.each([
    [{ roleName: 'deploy', path: '/team/aws-reserved/' }],
    [{ roleName: 'deploy', path: '/aws-reserved-not/' }],
    [{ roleName: 'my-OrganizationAccountAccessRole' }],
    [{ roleName: 'cdk-demo' }],
    [{ roleName: 'oidc-factory-inspect-2' }],
    [{ roleName: 'oidc-factory' }],
    [{ roleName: 'Auditors' }],
    [{ roleName: 'my-breakglass-1' }],
  ])('is not %j', (role) => {
    expect(isProtected(role, settings)).toBe(false);
  });
});
