import { describe, expect, it } from 'vitest';
import {
  displayName,
  functionRoleArn,
  memberRoleArn,
  memberRoleName,
  parseUniqueName,
  roleNameOf,
  uniqueName,
} from '../../core/naming.ts';
import { ACCOUNT, ENTRY } from '../fixtures/domain.ts';

describe('names', () => {
  it('of an application tell account, incarnation and generation apart', () => {
    expect(uniqueName({ ...ENTRY, generation: 2 })).toBe('oidc-factory-111122223333-AROAEXAMPLEROLE00001-2');
    expect(displayName(ENTRY)).toBe('aws-111122223333-deploy');
  });

  it('of an application tell whose it is, and nothing of another form does', () => {
    const { accountId, roleId } = ENTRY;
    expect(parseUniqueName(uniqueName({ ...ENTRY, generation: 12 }))).toEqual({
      accountId,
      roleId,
      generation: 12,
    });
    for (const other of ['', 'oidc-factory-1-2-3', `${uniqueName(ENTRY)}x`, `x${uniqueName(ENTRY)}`]) {
      expect(parseUniqueName(other)).toBeUndefined();
    }
    expect(roleNameOf(ACCOUNT, displayName(ENTRY))).toBe('deploy');
    expect(roleNameOf(ACCOUNT, 'aws-999999999999-deploy')).toBeUndefined();
    expect(roleNameOf(ACCOUNT, 'aws-111122223333-a b')).toBeUndefined();
  });

  it('of roles are fixed, with path /', () => {
    expect(memberRoleArn('aws-us-gov', ACCOUNT, 'oidc-factory', 'trust')).toBe(
      'arn:aws-us-gov:iam::111122223333:role/oidc-factory-trust',
    );
    expect(functionRoleArn('aws', ACCOUNT, 'oidc-factory', 'inspect-role')).toBe(
      'arn:aws:iam::111122223333:role/oidc-factory-inspect-role',
    );
  });

  it('that IAM would refuse are refused', () => {
    expect(() => memberRoleName('p'.repeat(60), 'inspect')).toThrowError(/64/);
  });
});
