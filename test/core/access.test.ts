import { describe, expect, it } from 'vitest';
import { accessTo } from '../../core/access.ts';
import { ACCOUNT, key, MANAGED_IDENTITY, policyWith, SETTINGS } from '../fixtures/domain.ts';
import { account, ago, changed, served } from './drift/world.ts';

const ONE = served();
const access = (seen: Parameters<typeof accessTo>[0]) => accessTo(seen, ACCOUNT, SETTINGS.issuer);
const elsewhere = (condition: object) => ({
  roles: [{ ...ONE.role, trustPolicy: policyWith(condition as never) }],
  entries: [],
});

describe('who gets into an account', () => {
  it('is the application of a role that is served', () => {
    const entry = { ...ONE.entry, createdBy: 'arn:aws:iam::111122223333:user/dev' };
    expect(access({ roles: [{ ...ONE.role, lastUsedAt: ago(0) }], entries: [entry] }).roles).toEqual([
      {
        roleArn: ONE.role.roleArn,
        roleId: ONE.role.roleId,
        createdAt: ONE.role.createdAt,
        lastUsedAt: ago(0),
        phase: 'ready',
        clientId: ONE.application.appId,
        createdBy: entry.createdBy,
        audiences: [ONE.audience],
        subject: 'pinned',
        subjects: [ONE.entry.servicePrincipalId],
      },
    ]);
  });

  it.each([
    ['open', { StringEquals: { [key('aud')]: 'api://x' } }, ['api://x'], []],
    [
      'pinned',
      { StringEquals: { [key('aud')]: 'api://x', [key('sub')]: MANAGED_IDENTITY } },
      ['api://x'],
      [MANAGED_IDENTITY],
    ],
    ['open', {}, [], []],
  ])('is %s without the factory too', (subject, condition, audiences, subjects) => {
    const [role] = access(elsewhere(condition)).roles;
    expect(role).toMatchObject({ subject, audiences, subjects });
    expect(role?.phase).toBeUndefined();
  });

  it('is nobody of roles that do not trust the tenant', () => {
    const trustPolicy = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    expect(access(changed({ role: { trustPolicy } })).roles).toEqual([]);
  });

  it('is unknown where a policy cannot be read', () => {
    expect(access(changed({ role: { trustPolicy: '{' } })).roles).toMatchObject([{ subject: 'unknown' }]);
  });

  it('holds no policy, and is bounded', () => {
    const many = account(...[...Array(900).keys()].map((n) => served(n + 1)));
    const { roles, left } = access(many);
    expect(roles.length + left).toBe(900);
    expect(left).toBeGreaterThan(0);
    expect(JSON.stringify(roles)).not.toContain('Statement');
    expect(JSON.stringify(roles).length).toBeLessThan(210_000);
  });
});
