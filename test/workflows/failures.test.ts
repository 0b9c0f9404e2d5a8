import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../core/errors.ts';
import { uniqueName } from '../../core/naming.ts';
import { TAGS } from '../../core/tags.ts';
import { MEMBER, PLACEHOLDER } from '../../simulator/settings.ts';
import { expectInvariants } from './invariants.ts';
import { World } from './world.ts';

interface FailureMode {
  readonly cause: string;
  readonly code: ErrorCode;
  readonly step: string;
  /** Brings the fault about before the role is created; answers how it is repaired. */
  readonly arrange: (world: World) => () => void;
  readonly phase?: 'unreachable';
}

/** A fault of calls, until it is repaired. */
const failing = (call: string, code: ErrorCode) => (world: World) => {
  world.fail(call, code);
  return () => world.repair();
};

const MODES: readonly FailureMode[] = [
  {
    cause: 'the inspect role cannot be assumed',
    code: 'MemberRoleNotAssumable',
    step: 'inspect-role',
    arrange: failing('accounts.inspect', 'MemberRoleNotAssumable'),
    phase: 'unreachable',
  },
  {
    cause: 'the inspect role may not read roles',
    code: 'MemberAccessDenied',
    step: 'inspect-role',
    arrange: failing('inspect.getRole', 'MemberAccessDenied'),
    phase: 'unreachable',
  },
  {
    cause: 'the provider does not exist',
    code: 'ProviderMissing',
    step: 'inspect-role',
    arrange: (world) => {
      const clientIds = world.clientIds();
      world.accounts.deleteProvider(world.providerArn());
      return () => world.accounts.createProvider(MEMBER, world.settings.issuer.url, clientIds);
    },
  },
  {
    cause: 'the provider holds 100 audiences',
    code: 'ProviderFull',
    step: 'inspect-role',
    arrange: (world) => {
      world.setClientIds(PLACEHOLDER, ...Array.from({ length: 99 }, (_, index) => `other-${index}`));
      return () => world.setClientIds(PLACEHOLDER);
    },
  },
  {
    cause: 'Entra refuses the login (wrong tenant id)',
    code: 'DirectoryLoginFailed',
    step: 'register-application',
    arrange: failing('directory.createApplication', 'DirectoryLoginFailed'),
  },
  {
    cause: 'Graph refuses (403)',
    code: 'DirectoryForbidden',
    step: 'register-application',
    arrange: failing('directory.createApplication', 'DirectoryForbidden'),
  },
  {
    cause: 'Graph throttles without end (429)',
    code: 'Throttled',
    step: 'register-application',
    arrange: failing('directory.createApplication', 'Throttled'),
  },
  {
    cause: 'the directory quota is used up',
    code: 'DirectoryQuotaExceeded',
    step: 'register-application',
    arrange: (world) => {
      world.directory.quota = 0;
      return () => {
        world.directory.quota = Number.POSITIVE_INFINITY;
        world.control.resume();
      };
    },
  },
  {
    cause: 'the quota allows the application but not its service principal',
    code: 'DirectoryQuotaExceeded',
    step: 'register-application',
    arrange: (world) => {
      world.directory.quota = 1;
      return () => {
        world.directory.quota = 2;
      };
    },
  },
  {
    cause: 'the provider role cannot be assumed',
    code: 'MemberRoleNotAssumable',
    step: 'add-audience',
    arrange: failing('accounts.provider', 'MemberRoleNotAssumable'),
  },
  {
    cause: 'the list fills up after inspection',
    code: 'ProviderFull',
    step: 'add-audience',
    arrange: failing('provider.addAudience', 'ProviderFull'),
  },
  {
    cause: 'somebody put a password on the application',
    code: 'ApplicationTampered',
    step: 'verify-application',
    arrange: (world) => {
      const objectId = () => world.directory.active()[0]?.objectId as never;
      world.at('provider.addAudience', 'after', () => world.directory.change(objectId(), { passwords: 1 }));
      return () => world.directory.change(objectId(), { passwords: 0 });
    },
  },
  {
    cause: 'the trust role may not write',
    code: 'MemberAccessDenied',
    step: 'assign-audience',
    arrange: failing('trust.updateTrustPolicy', 'MemberAccessDenied'),
  },
  {
    cause: 'the trust policy becomes too long for its quota',
    code: 'TrustPolicyTooLong',
    step: 'assign-audience',
    arrange: failing('trust.updateTrustPolicy', 'TrustPolicyTooLong'),
  },
  {
    cause: 'IAM rejects the trust policy',
    code: 'TrustPolicyRejected',
    step: 'assign-audience',
    arrange: failing('trust.updateTrustPolicy', 'TrustPolicyRejected'),
  },
  {
    cause: 'a function has a bug',
    code: 'Unexpected',
    step: 'verify-application',
    arrange: (world) => {
      world.hooks.push(({ name }) => {
        if (name === 'directory.servicePrincipal') throw new TypeError('undefined is not a function');
      });
      return () => world.repair();
    },
  },
];

describe('a failure', () => {
  it.each(MODES)('because $cause is recorded, shown on the role, and mended by another run', async (mode) => {
    const world = new World();
    const repair = mode.arrange(world);
    const role = world.createRole();
    await world.quiet();

    const { code, step, phase = 'failed' } = mode;
    expect(world.outcomes()).toEqual([`create-role: ${code === 'Unexpected' ? 'TypeError' : code}`]);
    expect(world.entry(role)).toMatchObject({ phase, error: { code, step } });
    expect(world.role().trustPolicy).toBe(role.trustPolicy);
    expect(world.telemetry.counted('OutcomeFailed')).toBe(1);
    expect(world.role().tags).toMatchObject(
      phase === 'unreachable'
        ? {}
        : { [TAGS.status]: 'failed', [TAGS.detail]: `${code}: ${ERRORS[code].remedy}` },
    );
    expectInvariants(world);

    repair();
    world.again(0);
    await world.quiet();
    expect(world.engine.executions.at(-1)?.name).toMatch(/-r1$/);
    expect(world.outcomes().at(-1)).toBe('create-role: ready');
    expect(world.entry(role).error).toBeUndefined();
    expect(world.directory.active()).toHaveLength(1);
    expectInvariants(world);
  });

  it.each(MODES)('because $cause leaves nothing when the role is deleted', async ({ arrange }) => {
    const world = new World();
    const repair = arrange(world);
    world.createRole();
    await world.quiet();
    repair();
    world.deleteRole();
    await world.quiet();
    expect(world.outcomes().at(-1)).toBe('delete-role: removed');
    expect(world.directory.active()).toEqual([]);
    expect(world.clientIds().filter((id) => !id.startsWith('other-'))).toEqual([PLACEHOLDER]);
    expectInvariants(world);
  });
});

describe('a squatted name', () => {
  it('is touched by nobody, neither when the role comes nor when it goes', async () => {
    const world = new World();
    let squatted: ReturnType<World['directory']['squat']> | undefined;
    world.at('directory.createApplication', 'before', () => {
      squatted = world.directory.squat(uniqueName({ ...world.role(), accountId: MEMBER, generation: 1 }));
    });
    const role = world.createRole();
    await world.quiet();
    expect(world.entry(role)).toMatchObject({ phase: 'failed', error: { code: 'NameSquatted' } });
    expect(world.role().trustPolicy).toBe(role.trustPolicy);
    world.deleteRole();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: NameSquatted', 'delete-role: removed']);
    expect(world.directory.active()).toMatchObject([{ objectId: squatted?.objectId }]);
    expectInvariants(world);
  });
});

describe('a fault below the retry budget', () => {
  it.each([
    ['directory.createApplication', 'Throttled'],
    ['directory.setIdentifierUris', 'NotReplicated'],
    ['provider.addAudience', 'Throttled'],
    ['trust.updateTrustPolicy', 'MemberAccessDenied'],
    ['trust.getRole', 'Unavailable'],
  ] as const)('(%s: %s, eight times) ends ready', async (call, code) => {
    const world = new World();
    world.fail(call, code, { times: 8 });
    world.createRole();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready']);
    expectInvariants(world);
  });

  it.each([
    'directory.createApplication',
    'directory.createServicePrincipal',
    'provider.addAudience',
    'trust.updateTrustPolicy',
  ])('an answer of %s lost three times ends ready with one application', async (call) => {
    const world = new World();
    world.fail(call, 'Unavailable', { times: 3, when: 'after' });
    world.createRole();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready']);
    expect(world.directory.active()).toHaveLength(1);
    expectInvariants(world);
  });

  it('adopts the application whose answer was lost, once the directory shows it', async () => {
    const world = new World();
    world.directory.replicationMs = 120_000;
    world.fail('directory.createApplication', 'Unavailable', { times: 1, when: 'after' });
    const role = world.createRole();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready']);
    expect(world.entry(role).generation).toBe(1);
    expectInvariants(world);
  });

  it('takes the next generation where the name is burnt, and removes what any generation made', async () => {
    const world = new World();
    world.fail('directory.createServicePrincipal', 'DirectoryForbidden');
    const role = world.createRole();
    await world.quiet();
    // An administrator deletes the application; for 30 days its name stays taken.
    await world.directory.deleteApplication(world.entry(role).applicationObjectId as never);
    world.repair();
    await world.clock.pass(3_600_000);
    world.again(0);
    await world.quiet();
    expect(world.entry(role)).toMatchObject({ phase: 'ready', generation: 2 });
    expectInvariants(world);
    world.deleteRole();
    await world.quiet();
    expect(world.directory.active()).toEqual([]);
    expectInvariants(world);
  });
});

describe('an application that an administrator deleted before its role was ready', () => {
  it('is replaced, its audience included', async () => {
    const world = new World();
    world.fail('accounts.trust', 'MemberRoleNotAssumable');
    const role = world.createRole();
    await world.quiet();
    const { applicationObjectId, audience } = world.entry(role);
    expect(world.clientIds()).toContain(audience);
    await world.directory.deleteApplication(applicationObjectId as never);
    world.repair();
    await world.clock.pass(3_600_000);
    world.again(0);
    await world.quiet();
    expect(world.entry(role)).toMatchObject({ phase: 'ready', generation: 2 });
    expect(world.clientIds()).toEqual([PLACEHOLDER, world.entry(role).audience]);
    expectInvariants(world);
  });
});

describe('tags and read-backs', () => {
  it('never decide: a role that cannot be tagged with the outcome is ready all the same', async () => {
    const world = new World();
    world.fail('trust.tagRole', 'RoleNotTaggable');
    world.createRole();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready']);
    expect(world.telemetry.counted('BestEffortFailed')).toBe(1);
  });

  it('but a role that cannot be marked is not served, and no application made', async () => {
    const world = new World();
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`tag-${index}`, 'x']));
    const role = world.createRole({ tags });
    await world.quiet();
    expect(world.entry(role)).toMatchObject({ phase: 'failed', error: { code: 'RoleNotTaggable' } });
    expect(world.directory.active()).toEqual([]);
    expectInvariants(world);
  });
});

describe('a removal that fails', () => {
  const failed = async (arrange: (world: World) => void) => {
    const world = new World();
    const role = world.createRole();
    await world.quiet();
    arrange(world);
    world.deleteRole();
    await world.quiet();
    return { world, role };
  };

  it.each([
    ['the account cannot be asked', 'accounts.inspect', 'MemberRoleNotAssumable', 'unreachable'],
    ['the role may not be read', 'inspect.getRole', 'MemberAccessDenied', 'unreachable'],
    ['the audience cannot be removed', 'provider.removeAudience', 'MemberAccessDenied', 'removing'],
    ['the application cannot be deleted', 'directory.deleteApplication', 'DirectoryForbidden', 'removing'],
  ] as const)('because %s says so and is finished by another run', async (_, call, code, phase) => {
    const { world, role } = await failed((w) => w.fail(call, code));
    expect(world.outcomes().at(-1)).toBe(`delete-role: ${code}`);
    expect(world.entry(role)).toMatchObject({ phase, error: { code } });
    if (phase === 'unreachable') expect(world.directory.active()).toHaveLength(1);
    expectInvariants(world);
    world.repair();
    world.again(1);
    await world.quiet();
    expect(world.outcomes().at(-1)).toBe('delete-role: removed');
    expect(world.entry(role)).toMatchObject({ phase: 'removed' });
    expect(world.entry(role).error).toBeUndefined();
    expectInvariants(world);
  });

  it('in one branch does not keep the other from its work', async () => {
    const { world } = await failed((w) => w.fail('directory.deleteApplication', 'DirectoryForbidden'));
    expect(world.clientIds()).toEqual([PLACEHOLDER]);
    expect(world.directory.active()).toHaveLength(1);
  });

  it('in both branches is incomplete', async () => {
    const { world, role } = await failed((w) => {
      w.fail('directory.deleteApplication', 'DirectoryForbidden');
      w.fail('provider.removeAudience', 'MemberAccessDenied');
    });
    expect(world.outcomes().at(-1)).toBe('delete-role: RemovalIncomplete');
    expect(world.entry(role).phase).toBe('removing');
    expectInvariants(world);
  });

  it('because the role lives on, although an event says otherwise, deletes nothing', async () => {
    const world = new World();
    const role = world.createRole();
    await world.quiet();
    const before = world.role();
    world.deleteRole();
    // A forged or mistaken event: the very role is there.
    world.accounts.restore(MEMBER, before);
    await world.quiet();
    expect(world.outcomes().at(-1)).toBe('delete-role: RoleStillExists');
    expect(world.entry(role)).toMatchObject({ phase: 'ready', error: { code: 'RoleStillExists' } });
    expectInvariants(world);
  });
});
