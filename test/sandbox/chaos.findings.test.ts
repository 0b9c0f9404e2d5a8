/** What runs of chaos have found, each by itself. */
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import {
  createRole,
  ended,
  madeInEntra,
  placeholderOf,
  roleWithStatus,
  trustOn,
  useFactory,
} from '../factory/harness.ts';

const factory = useFactory();

describe('a name that is used again in another spelling', () => {
  it('is found by IAM, and the role before is removed all the same', async () => {
    const { member } = factory();
    await createRole(member, 'nightly', trustOn(member, { aud: placeholderOf(factory()) }));
    await roleWithStatus(member, 'nightly', 'ready');
    await member.iam.send(new DeleteRoleCommand({ RoleName: 'nightly' }));
    await createRole(member, 'Nightly', trustOn(member, { aud: 'https://analysis.windows.net/powerbi/api' }));
    expect(await ended(factory(), 'delete-role', 'nightly')).toMatchObject({ status: 'SUCCEEDED' });
    expect(madeInEntra(factory())).toEqual([]);
    expect(await member.audiences()).toEqual([placeholderOf(factory())]);
  });
});
