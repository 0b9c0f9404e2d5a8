/** A factory that breaks a rule on purpose: what a run of chaos says of it. */
import { describe, expect, it } from 'vitest';
import type { CloudTrailRecord } from '../../sandbox/aws/cloudtrail.ts';
import type { Census, SeenEntry } from '../../sandbox/chaos/census.ts';
import { Estate, IGNORE_TAG } from '../../sandbox/chaos/estate.ts';
import { foreignLosses, orphans, problemsOf, strangersAdmitted } from '../../sandbox/chaos/judge-rest.ts';
import { holdsSecret } from '../../sandbox/chaos/judge-secrets.ts';
import { writeScript } from '../../sandbox/chaos/script.ts';
import {
  admissionOf,
  pinnedTo,
  rewritten,
  type Shape,
  type Trust,
  type TrustTerms,
  trustOf,
  withdrawn,
} from '../../sandbox/chaos/trust.ts';

const ACCOUNT = '444455556001';
const FACTORY = 'fac70000-0000-4000-8000-000000000001';
const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/sts.windows.net/11111111-2222-4333-8444-555555555555/`;
const terms: TrustTerms = {
  providerArn: PROVIDER,
  placeholder: 'api://11111111-2222-4333-8444-555555555555/oidc-factory-placeholder',
  managedIdentity: '0a1b2c3d-0000-4000-8000-000000000001',
  sessionName: 'workload',
};
const own = {
  audience: 'api://aaaaaaaa-0000-4000-8000-000000000001',
  subject: 'bbbbbbbb-0000-4000-8000-000000000001',
};
const FOREIGN = 'https://analysis.windows.net/powerbi/api';
const WINDOW = 1000;

/** An estate under a clock of its own, told of writes as CloudTrail tells them. */
function setup(shape: Shape = 'placeholder') {
  let now = 1_000_000;
  let made = 0;
  const estate = new Estate({
    providerArnOf: () => PROVIDER,
    foreignAudiences: new Set([FOREIGN]),
    windowMs: WINDOW,
    now: () => now,
  });
  const write = (by: string, eventName: string, requestParameters: object, responseElements?: object) => {
    const arn = by === 'developer' ? `arn:aws:iam::${ACCOUNT}:user/administrator` : by;
    const record = {
      eventTime: new Date(now).toISOString(),
      eventName,
      recipientAccountId: ACCOUNT,
      userIdentity: { arn },
      requestParameters,
      responseElements: responseElements ?? null,
    };
    estate.observe(record as unknown as CloudTrailRecord);
  };
  const session = (role: string) => `arn:aws:sts::${ACCOUNT}:assumed-role/oidc-factory-${role}/run`;
  const roleName = 'export';
  const create = (wanted: Shape, tags: object[] = []) => {
    estate.announce(ACCOUNT, roleName, wanted);
    const roleId = `AROA${++made}`;
    const role = { roleId, roleName, arn: `arn:aws:iam::${ACCOUNT}:role/${roleName}` };
    const trust = trustOf(wanted, terms, 'api://cccccccc-0000-4000-8000-000000000001');
    write(
      'developer',
      'CreateRole',
      { roleName, assumeRolePolicyDocument: JSON.stringify(trust), tags },
      { role },
    );
    return trust;
  };
  const original = create(shape);
  const role = () => {
    const latest = estate.of(ACCOUNT, roleName).at(-1);
    if (!latest) throw new Error('There is no role');
    return latest;
  };
  return {
    estate,
    original,
    role,
    create,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    delete: () => write('developer', 'DeleteRole', { roleName }),
    edit: (trust: Trust) =>
      write('developer', 'UpdateAssumeRolePolicy', { roleName, policyDocument: JSON.stringify(trust) }),
    ignore: () => write('developer', 'TagRole', { roleName, tags: [{ key: IGNORE_TAG, value: 'x' }] }),
    assign: (trust: Trust | undefined) =>
      write(session('trust'), 'UpdateAssumeRolePolicy', { roleName, policyDocument: JSON.stringify(trust) }),
    tag: (tags: Record<string, string>) =>
      write(session('inspect'), 'TagRole', {
        roleName,
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      }),
    remove: (clientID: string) =>
      write(session('provider'), 'RemoveClientIDFromOpenIDConnectProvider', { clientID }),
  };
}

const rules = ({ estate }: { estate: Estate }) => estate.violations.map(({ rule }) => rule);

describe('a write of the factory', () => {
  it.each<Shape>(['placeholder', 'bare-word', 'with-others', 'managed-identity'])(
    'that fills in audience and subject is right (%s)',
    (shape) => {
      const scene = setup(shape);
      scene.assign(rewritten(scene.original, PROVIDER, own));
      expect(rules(scene)).toEqual([]);
      const admission = admissionOf(scene.role().trust, PROVIDER);
      expect(admission).toEqual({
        audience: own.audience,
        subject: shape === 'managed-identity' ? terms.managedIdentity : own.subject,
      });
    },
  );

  it.each<Shape>(['other-tenant', 'chosen-audience', 'others-audience', 'ignored'])(
    'to a role that never consented breaks rule 2 (%s)',
    (shape) => {
      const scene = setup(shape);
      scene.assign(rewritten(trustOf('placeholder', terms, ''), PROVIDER, own));
      expect(rules(scene)).toEqual([2]);
    },
  );

  it('that leaves the subject open breaks rule 3', () => {
    const scene = setup();
    const open = JSON.parse(JSON.stringify(scene.original).replace(terms.placeholder, own.audience));
    scene.assign(open);
    expect(rules(scene)).toEqual([3]);
  });

  it('that changes another statement breaks rule 5', () => {
    const scene = setup('with-others');
    const whole = rewritten(scene.original, PROVIDER, own);
    scene.assign(whole && { ...whole, Statement: whole.Statement.slice(0, 1) });
    expect(rules(scene)).toEqual([5]);
  });

  it('that undoes an edit is tolerated within the window of a write, and breaks rule 5 later', () => {
    const soon = setup();
    const pinned = pinnedTo(soon.original, terms);
    soon.edit(pinned ?? withdrawn());
    soon.pass(WINDOW / 2);
    soon.assign(rewritten(soon.original, PROVIDER, own));
    expect([rules(soon), soon.estate.tolerated.editsLost]).toEqual([[], 1]);
    const late = setup();
    late.edit(pinned ?? withdrawn());
    late.pass(WINDOW * 2);
    late.assign(rewritten(late.original, PROVIDER, own));
    expect(rules(late)).toEqual([5]);
  });

  it('to a role that has been ignored for long breaks rule 2', () => {
    const scene = setup();
    scene.ignore();
    scene.pass(WINDOW * 2);
    scene.assign(rewritten(scene.original, PROVIDER, own));
    expect(rules(scene)).toEqual([2]);
  });

  it('of tags says that a role is ignored, and nothing else of one that does not consent', () => {
    const scene = setup('others-audience');
    scene.tag({ 'oidc-factory:status': 'ignored', 'oidc-factory:detail': 'x' });
    expect(rules(scene)).toEqual([]);
    scene.tag({ 'oidc-factory:status': 'pending', 'oidc-factory:role-id': scene.role().roleId });
    expect(rules(scene)).toEqual([2]);
  });

  it('of a mark is of the very incarnation, or a run for the one before has come too late', () => {
    const scene = setup();
    const former = scene.role().roleId;
    scene.delete();
    scene.create('chosen-audience');
    scene.tag({ 'oidc-factory:status': 'pending', 'oidc-factory:role-id': former });
    expect([rules(scene), scene.estate.tolerated.strayTags]).toEqual([[], 1]);
    scene.pass(WINDOW * 2);
    scene.tag({ 'oidc-factory:status': 'pending', 'oidc-factory:role-id': 'AROAELSE' });
    expect(rules(scene)).toEqual([3]);
  });

  it('never takes a foreign audience off the list, nor one that a role rests on', () => {
    const scene = setup();
    scene.assign(rewritten(scene.original, PROVIDER, own));
    scene.remove(FOREIGN);
    scene.remove(own.audience);
    expect(rules(scene)).toEqual([1, 5]);
    scene.delete();
    scene.remove(own.audience);
    expect(rules(scene)).toEqual([1, 5]);
  });
});

describe('at rest', () => {
  const appId = own.audience.replace('api://', '');
  const entryOf = (roleId: string, phase: string): SeenEntry => ({
    accountId: ACCOUNT,
    roleName: 'export',
    roleId,
    phase,
    step: 'assign-audience',
    error: undefined,
    owner: undefined,
    appId,
    audience: own.audience,
  });
  /** Everything about one role that is served as it must be. */
  function served() {
    const scene = setup();
    scene.assign(rewritten(scene.original, PROVIDER, own));
    const { roleId, trust } = scene.role();
    const application = { id: 'object', appId, uniqueName: `oidc-factory-${ACCOUNT}-${roleId}-1` };
    const census: Census = {
      roles: new Map([[roleId, { roleId, trust, tags: {} }]]),
      audiences: new Map([[ACCOUNT, [terms.placeholder, FOREIGN, own.audience]]]),
      applications: [{ ...application, createdByAppId: FACTORY }],
      principals: [{ id: own.subject, appId, createdByAppId: FACTORY }],
      deleted: { applications: [], principals: [] },
      ledger: [entryOf(roleId, 'ready')],
      runs: [],
      queues: [],
    };
    const judge = (changes: Partial<Census> = {}): number[] => {
      const seen = { ...census, ...changes };
      const known = { factoryAppId: FACTORY, foreignAudiences: new Set([terms.placeholder, FOREIGN]) };
      const roles = scene.estate.all();
      return [
        ...roles.flatMap((role) => problemsOf(role, seen, FACTORY)),
        ...orphans(roles, seen, known),
        ...strangersAdmitted(roles, seen),
        ...foreignLosses(seen, { appIds: [], audiences: known.foreignAudiences }),
      ].map(({ rule }) => rule);
    };
    return { ...scene, census, judge, application };
  }

  it('a role that is served as it must be is no violation', () => {
    expect(served().judge()).toEqual([]);
  });

  it.each<[string, (scene: ReturnType<typeof served>) => Partial<Census>, number[]]>([
    ['has no application', () => ({ applications: [], principals: [] }), [5, 6, 3]],
    ['has no service principal', () => ({ principals: [] }), [5, 5, 3]],
    [
      'lacks its audience on the provider',
      () => ({ audiences: new Map([[ACCOUNT, [terms.placeholder, FOREIGN]]]) }),
      [5],
    ],
    ['is not ready', ({ role }) => ({ ledger: [entryOf(role().roleId, 'creating')] }), [5]],
    [
      'trusts the application of another',
      ({ application }) => ({
        applications: [
          { ...application, uniqueName: `oidc-factory-${ACCOUNT}-AROAELSE-1`, createdByAppId: FACTORY },
        ],
      }),
      [5, 6, 6, 3],
    ],
    [
      'is another in IAM',
      ({ role, original }) => ({
        roles: new Map([[role().roleId, { roleId: role().roleId, trust: original, tags: {} }]]),
      }),
      [2],
    ],
    [
      'lost a neighbour’s audience',
      () => ({ audiences: new Map([[ACCOUNT, [terms.placeholder, own.audience]]]) }),
      [1],
    ],
  ])('a role that %s is one', (_what, change, expected) => {
    const scene = served();
    expect(scene.judge(change(scene))).toEqual(expected);
  });

  it('a role that is gone leaves nothing', () => {
    const scene = served();
    scene.delete();
    const { roleId } = scene.role();
    const deleted = { applications: scene.census.applications, principals: scene.census.principals };
    const nothing: Partial<Census> = {
      roles: new Map(),
      applications: [],
      principals: [],
      deleted,
      audiences: new Map([[ACCOUNT, [terms.placeholder, FOREIGN]]]),
      ledger: [entryOf(roleId, 'removed')],
    };
    expect(scene.judge(nothing)).toEqual([]);
    expect(scene.judge({ ...nothing, ledger: [entryOf(roleId, 'removing')] })).toEqual([6]);
    expect(scene.judge({ ...nothing, audiences: scene.census.audiences })).toEqual([6, 6]);
    expect(scene.judge({ ...nothing, applications: scene.census.applications })).toEqual([6]);
  });

  it('a role that never consented has neither application nor entry', () => {
    const scene = setup('chosen-audience');
    const { roleId, trust } = scene.role();
    const census = { ...served().census, roles: new Map([[roleId, { roleId, trust, tags: {} }]]) };
    expect(problemsOf(scene.role(), { ...census, applications: [], ledger: [] }, FACTORY)).toEqual([]);
    expect(
      problemsOf(scene.role(), { ...census, ledger: [entryOf(roleId, 'ready')] }, FACTORY).map(
        ({ rule }) => rule,
      ),
    ).toEqual([2, 2]);
  });
});

describe('a text', () => {
  const jwt = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`;

  it.each([
    ['a token', `failed with ${jwt}`],
    ['credentials', JSON.stringify({ Credentials: { SecretAccessKey: 'x' } })],
    ['credentials in JSON within JSON', JSON.stringify({ output: JSON.stringify({ secretText: 'x' }) })],
    ['a known secret', 'the key is hunter2, they say'],
  ])('with %s leaks', (_what, text) => {
    expect(holdsSecret(text, ['hunter2'])).toBe(true);
  });

  it('with ids, names and reasons does not', () => {
    const entry = { roleId: 'AROAEXAMPLE', audience: own.audience, code: 'MemberRoleNotAssumable' };
    expect(holdsSecret(JSON.stringify({ entry, input: JSON.stringify(entry) }), ['hunter2'])).toBe(false);
  });
});

describe('the script', () => {
  const script = (seed: number) => writeScript({ roles: 40, members: 3, seed });

  it('is the same for the same seed, and another for another', () => {
    expect(script(7)).toEqual(script(7));
    expect(script(8)).not.toEqual(script(7));
  });

  it('has everything that developers do in it, each story in order', () => {
    const stories = [...script(1), ...script(2), ...script(3)];
    const acts = new Set(stories.flatMap(({ steps }) => steps.map(({ act }) => act.kind)));
    expect([...acts].sort()).toEqual(
      ['create', 'delete', 'heed', 'ignore', 'pin', 'restore', 'tag', 'withdraw'].sort(),
    );
    for (const { steps } of stories) {
      expect(steps[0]?.act.kind).toBe('create');
      expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).sort((a, b) => a - b));
    }
  });
});
