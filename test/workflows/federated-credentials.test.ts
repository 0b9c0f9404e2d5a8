/** Workloads that developers let in by tags, from the tag to the application's federated credential. */
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../core/errors.ts';
import { FEDERATED_CREDENTIAL_KEY as KEY, TAGS } from '../../core/tags.ts';
import { MEMBER, WORKLOADS } from '../../simulator/settings.ts';
import { expectInvariants } from './invariants.ts';
import { World } from './world.ts';

const subject = (name: string) => `${WORKLOADS.subjects[0]}${name}:environment:production`;
const letIn = (name: string) => `${WORKLOADS.issuer} ${subject(name)}`;
const subjects = (world: World) =>
  world.directory
    .active()
    .flatMap(({ federatedCredentials }) => federatedCredentials.map((one) => one.subject));

/** The tags of the role become these, beside those of the factory; the event is replayed for it. */
async function retag(world: World, tags: Readonly<Record<string, string>>): Promise<void> {
  const { roleName, tags: all } = world.role();
  const others = Object.entries(all).filter(([key]) => !key.startsWith(KEY));
  world.accounts.changeRole(MEMBER, roleName, { tags: { ...Object.fromEntries(others), ...tags } });
  world.again(0, `retagged-${world.engine.executions.length}`);
  await world.quiet();
}

describe('a role whose tags let workloads in', () => {
  it('is ready with a federated credential for each', async () => {
    const world = new World();
    const role = world.createRole({ tags: { [KEY]: letIn('app'), [`${KEY}:2`]: letIn('other') } });
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready']);
    expect(subjects(world)).toEqual([subject('app'), subject('other')]);
    expect(world.entry(role).federatedCredentials).toHaveLength(2);
    expectInvariants(world);
  });

  it('follows its tags when they change, and makes no call where they do not', async () => {
    const world = new World();
    const role = world.createRole();
    await world.quiet();
    await retag(world, { [KEY]: letIn('app') });
    expect(subjects(world)).toEqual([subject('app')]);
    await retag(world, { [KEY]: letIn('other') });
    expect(subjects(world)).toEqual([subject('other')]);
    world.calls.length = 0;
    await retag(world, { [`${KEY}:7`]: letIn('other') });
    expect(world.calls.filter(({ name }) => name.startsWith('directory.'))).toEqual([]);
    await retag(world, {});
    expect(subjects(world)).toEqual([]);
    expect(world.entry(role)).not.toHaveProperty('federatedCredentials');
    expect(new Set(world.outcomes())).toEqual(new Set(['create-role: ready']));
    expectInvariants(world);
  });

  it('keeps what people added to its application meanwhile', async () => {
    const world = new World();
    world.createRole({ tags: { [KEY]: letIn('app') } });
    await world.quiet();
    const [application] = world.directory.active();
    const byHand = {
      name: 'pipeline',
      issuer: WORKLOADS.issuer,
      subject: 'repo:else/where',
      audience: 'api://AzureADTokenExchange',
      description: null,
    };
    world.directory.change(application?.objectId as never, {
      federatedCredentials: [...(application?.federatedCredentials ?? []), byHand],
    });
    await retag(world, {});
    expect(world.directory.active()[0]?.federatedCredentials).toEqual([byHand]);
    expectInvariants(world);
  });

  it('fails with a remedy on it, and nothing is made, where the config does not allow them', async () => {
    const world = new World();
    const role = world.createRole({ tags: { [KEY]: `${WORKLOADS.issuer} repo:else/where` } });
    await world.quiet();
    const code = 'FederatedCredentialRefused';
    expect(world.outcomes()).toEqual([`create-role: ${code}`]);
    expect(world.calls.filter(({ name }) => name.startsWith('directory.'))).toEqual([]);
    expect(world.entry(role)).toMatchObject({ phase: 'failed', error: { code, step: 'inspect-role' } });
    expect(world.role().tags).toMatchObject({
      [TAGS.status]: 'failed',
      [TAGS.detail]: `${code}: ${ERRORS[code].remedy}`,
    });
    await retag(world, { [KEY]: letIn('app') });
    expect(world.outcomes().at(-1)).toBe('create-role: ready');
    expect(subjects(world)).toEqual([subject('app')]);
    expectInvariants(world);
  });

  it('is not trusted by anybody else’s credential: one that appears before the end stops it', async () => {
    const world = new World();
    world.createRole({ tags: { [KEY]: letIn('app') } });
    world.at('provider.addAudience', 'after', () => {
      const [application] = world.directory.active();
      const stranger = {
        ...application?.federatedCredentials[0],
        name: 'pipeline',
        subject: 'repo:else/where',
      };
      world.directory.change(application?.objectId as never, { federatedCredentials: [stranger as never] });
    });
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ApplicationTampered']);
    expectInvariants(world);
  });
});
