/** Mistakes on one role: its trust policy, its tags. */
import { TagRoleCommand, UntagRoleCommand } from '@aws-sdk/client-iam';
import { trustOn } from '../../harness.ts';
import { type Lab, type Role, type Served, type SetUps, withTrust } from './lab.ts';

const trustOf = (lab: Lab, { member }: Role, claims: Record<string, string>) =>
  trustOn(lab.member(member), claims);

/** Deletes the role and creates it anew, with the placeholder. */
const anew = async (lab: Lab, role: Role): Promise<void> => {
  await lab.remove(role);
  await lab.whenServed(await lab.create(role.member, role.name));
};

export const roleSetUps = (second: () => Promise<Served>): SetUps => ({
  async TrustChanged(lab) {
    const role = await lab.served(0, 'overwritten');
    const sub = role.principalId;
    const wrong = trustOf(lab, role, { aud: (await second()).audience, sub });
    return withTrust(lab, role, wrong, trustOf(lab, role, { aud: role.audience, sub }));
  },

  async SubjectNotPrincipal(lab) {
    const { clientId, objectId } = lab.identity('named by its client id');
    const role = await lab.served(0, 'wrong-subject', clientId);
    const trust = (sub: string) => trustOf(lab, role, { aud: role.audience, sub });
    const workload = { ...role.workload, env: { AZURE_CLIENT_ID: clientId } };
    return withTrust(lab, role, trust(clientId), trust(objectId), workload);
  },

  async DeniedExplicitly(lab) {
    const role = await lab.served(0, 'denied');
    const right = trustOf(lab, role, { aud: role.audience, sub: role.principalId });
    const denying = right.Statement.map((statement) => ({ ...statement, Effect: 'Deny' }));
    return withTrust(lab, role, { ...right, Statement: [...right.Statement, ...denying] }, right);
  },

  async RoleIgnored(lab) {
    const name = 'with-an-audience';
    const { audience } = await second();
    await lab.createWith(0, name, trustOn(lab.member(0), { aud: audience }));
    const role = { member: 0, name, arn: lab.arnOf(0, name) };
    return { role: () => role, mend: () => anew(lab, role) };
  },

  async EntryMissing(lab) {
    const name = 'with-copied-tags';
    const { audience } = await second();
    const tags = [{ Key: 'oidc-factory:audience', Value: audience }];
    await lab.createWith(0, name, trustOn(lab.member(0), { aud: audience }), tags);
    const role = { member: 0, name, arn: lab.arnOf(0, name) };
    return { role: () => role, mend: () => anew(lab, role) };
  },

  async TagsChanged(lab) {
    const role = await lab.served(0, 'untagged');
    const { iam } = lab.member(0);
    const tag = { Key: 'oidc-factory:client-id', Value: role.clientId };
    await iam.send(new UntagRoleCommand({ RoleName: role.name, TagKeys: [tag.Key] }));
    return {
      role: () => role,
      workload: () => lab.enter(role.workload),
      mend: () => iam.send(new TagRoleCommand({ RoleName: role.name, Tags: [tag] })),
    };
  },

  /** Entra is slow to make the application. */
  async RoleNotReady(lab) {
    const fault = { operation: 'POST /applications', kind: 'delay', about: 'too-early' } as const;
    lab.factory.sandbox.recorder.inject({ ...fault, delayMs: 50_000, times: 3 });
    const role = await lab.create(0, 'too-early');
    const other = await second();
    let workload = { ...other.workload, roleArn: role.arn };
    return {
      role: () => role,
      workload: () => lab.enter(workload),
      mend: async () => {
        workload = (await lab.whenServed(role)).workload;
      },
    };
  },
});
