/** What an operator sees before and after a plan is carried out, and what becomes of one that the world has overtaken. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { DeleteRoleCommand, RemoveClientIDFromOpenIDConnectProviderCommand } from '@aws-sdk/client-iam';
import { ListExecutionsCommand, ListStateMachinesCommand } from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Step } from '../../../core/drift/step.ts';
import { until } from '../../../sandbox/clients.ts';
import { nextSecond } from '../drift/kinds.ts';
import { turnOff } from '../drift/off.ts';
import { configureAll } from '../functions.ts';
import { createRole, placeholderOf, roleWithStatus, trustOn, useFactory } from '../harness.ts';
import { useCommandLine } from './command-line.ts';

const factory = useFactory();
const commandLine = useCommandLine(factory);
/** Less is held back because it is young, and removals wait less; in seconds of the product. */
const SOONER = {
  SETTLE_SECONDS: '60',
  DRIFT_AGE_SECONDS: '20',
  LOOK_AGAIN_SECONDS: '20',
  WRITERS_SECONDS: '30',
};
beforeAll(() => configureAll(factory(), SOONER));

const OPERATOR = ['--profile', 'factory'];

/** Roles that are served, by name. */
async function served(...names: string[]): Promise<void> {
  const { member } = factory();
  for (const name of names)
    await createRole(member, name, trustOn(member, { aud: placeholderOf(factory()) }));
  for (const name of names) await roleWithStatus(member, name, 'ready');
}

/** What an administrator does to the application of a role. */
async function change(role: string, method: 'PATCH' | 'DELETE', json?: object, of = 'applications') {
  const { tags } = await factory().member.role(role);
  const path = `/${of}(appId='${tags['oidc-factory:client-id']}')`;
  const { status } = await factory().graph(method, path, json);
  expect(status).toBe(204);
}

const breakUri = (role: string) => change(role, 'PATCH', { identifierUris: [] });

async function uris(role: string): Promise<string[]> {
  const { tags } = await factory().member.role(role);
  const path = `/applications(appId='${tags['oidc-factory:client-id']}')`;
  return (await factory().graph('GET', path)).body.identifierUris;
}

const planFile = async (name: string, ...args: string[]) => {
  const file = commandLine().file(name, '');
  return { file, ...(await commandLine().run(['plan', ...OPERATOR, '--out', file, ...args])) };
};
const apply = (file: string, ...args: string[]) =>
  commandLine().run(['apply', file, ...OPERATOR, '--yes', '--json', ...args]);
const outcomes = ({ json }: Awaited<ReturnType<typeof apply>>): string[] =>
  json().results.map(
    (result: { subject: { roleName: string }; outcome: string; detail: string }) =>
      `${result.subject.roleName} ${result.outcome}: ${result.detail}`,
  );

/** Names of create-role executions that an approved plan has started. */
async function planned(): Promise<string[]> {
  const { states } = factory();
  const { stateMachines = [] } = await states.send(new ListStateMachinesCommand({}));
  const machine = stateMachines.find(({ name }) => name?.endsWith('create-role'));
  const { executions = [] } = await states.send(
    new ListExecutionsCommand({ stateMachineArn: machine?.stateMachineArn }),
  );
  return executions.flatMap(({ name }) => (name?.startsWith('plan-') ? [name] : []));
}

describe('plan and apply', () => {
  it('end where nothing is left to do', async () => {
    await served('well', 'broken');
    const nothing = await commandLine().run(['plan', ...OPERATOR, '--json']);
    expect({ exitCode: nothing.exitCode, steps: nothing.json().steps }).toEqual({ exitCode: 0, steps: [] });

    await breakUri('broken');
    const { exitCode, stdout, file } = await planFile('plan.json');
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`Account ${factory().member.accountId}`);
    expect(stdout).toMatch(/put right +role broken +identifier-uri-missing +The application has lost/);
    expect(stdout).toMatch(/^Plan: 1 to put right, 0 to remove, 0 held back, 0 to look at$/m);
    expect(await uris('broken')).toEqual([]);

    const asked = await commandLine().run(['apply', file, ...OPERATOR]);
    expect({ exitCode: asked.exitCode, uris: await uris('broken') }).toEqual({ exitCode: 1, uris: [] });

    const applied = await apply(file);
    expect({ exitCode: applied.exitCode, outcomes: outcomes(applied) }).toEqual({
      exitCode: 0,
      outcomes: ['broken done: ready'],
    });
    expect(await uris('broken')).toHaveLength(1);
    expect((await commandLine().run(['plan', ...OPERATOR])).exitCode).toBe(0);
    const again = await apply(file);
    expect({ exitCode: again.exitCode, runs: (await planned()).length }).toEqual({ exitCode: 0, runs: 1 });
  });

  it('does nothing on what has changed since, and says what that is', async () => {
    await served('stays', 'repaired', 'worse');
    for (const role of ['stays', 'repaired', 'worse']) await breakUri(role);
    const { file } = await planFile('overtaken.json');
    const { tags } = await factory().member.role('repaired');
    await change('repaired', 'PATCH', { identifierUris: [`api://${tags['oidc-factory:client-id']}`] });
    await change('worse', 'DELETE', undefined, 'servicePrincipals');
    const before = await planned();

    const applied = await apply(file);
    expect(applied.exitCode).toBe(1);
    expect(outcomes(applied).sort()).toEqual([
      'repaired refused: nothing is wrong with it any more',
      'stays done: ready',
      expect.stringMatching(/^worse refused: it is another matter now: .*no service principal/),
    ]);
    expect((await planned()).length - before.length).toBe(1);
    expect(await uris('worse')).toEqual([]);

    const rest = await planFile('rest.json', '--only', 'principal-deleted');
    expect(rest.exitCode).toBe(1);
    expect((await apply(rest.file)).exitCode).toBe(0);
    expect((await commandLine().run(['plan', ...OPERATOR])).exitCode).toBe(0);
  });

  it('starts nothing in an account that is only observed', async () => {
    await served('watched');
    await breakUri('watched');
    const { file } = await planFile('observed.json');
    const observe = { [factory().member.accountId]: 'observe' };
    await configureAll(factory(), { MODES: JSON.stringify(observe) });
    const refused = await apply(file);
    await configureAll(factory(), { MODES: '{}' });
    expect({ exitCode: refused.exitCode, outcomes: outcomes(refused) }).toEqual({
      exitCode: 1,
      outcomes: ['watched refused: the account is only observed'],
    });
    expect(await uris('watched')).toEqual([]);
    expect((await apply(file)).exitCode).toBe(0);
    expect(await uris('watched')).toHaveLength(1);
  });

  it('goes on where it was interrupted, and starts nothing twice', async () => {
    await served('first', 'second');
    for (const role of ['first', 'second']) await breakUri(role);
    const { file } = await planFile('interrupted.json');
    const before = await planned();
    // So that the runs are under way when the operator gives up.
    const slow = {
      service: 'iam',
      operation: 'GetRole',
      about: 'oidc-factory-trust/',
      kind: 'delay',
    } as const;
    factory().sandbox.recorder.inject({ ...slow, delayMs: 40_000, times: 2 });
    const child = spawn(process.execPath, ['bin/oidc-factory.ts', 'apply', file, ...OPERATOR, '--yes'], {
      env: process.env,
      stdio: 'ignore',
    });
    await until('the first run', async () => ((await planned()).length > before.length ? true : undefined));
    child.kill('SIGINT');
    const [, signal] = await once(child, 'close');
    expect(signal).toBe('SIGINT');

    const applied = await apply(file);
    expect(applied.stderr).toMatch(/^[12] of 2 were started before$/m);
    expect({ exitCode: applied.exitCode, outcomes: outcomes(applied).sort() }).toEqual({
      exitCode: 0,
      outcomes: ['first done: ready', 'second done: ready'],
    });
    expect((await planned()).length - before.length).toBe(2);
    expect((await commandLine().run(['plan', ...OPERATOR])).exitCode).toBe(0);
  });

  it('serves a role from before the factory that is named, and none else', async () => {
    const { member } = factory();
    for (const role of ['old', 'others'])
      await createRole(member, role, trustOn(member, { aud: 'api://theirs' }));
    const named = ['--adopt', `arn:aws:iam::${member.accountId}:role/old`];
    expect((await commandLine().run(['plan', ...OPERATOR])).exitCode).toBe(0);
    const { stdout, file } = await planFile('adopt.json', ...named);
    expect(stdout).toMatch(/put right +role old +adopted .*cut off\. \(api:\/\/theirs\)/);
    expect((await apply(file)).exitCode).toBe(0);
    expect((await roleWithStatus(member, 'old', 'ready')).trust).not.toContain('api://theirs');
    expect((await member.role('others')).trust).toContain('api://theirs');
    expect(await member.audiences()).not.toContain('api://theirs');
    const again = await commandLine().run(['plan', ...OPERATOR, ...named]);
    expect(again.exitCode).toBe(0);
    expect(again.stderr).toContain('role/old is not in the plan');
  });

  it('puts right and removes what the factory has not heard, the provider first and removals last', async () => {
    const { member } = factory();
    await served('gone');
    const audience = (await member.role('gone')).tags['oidc-factory:audience'];
    await turnOff(factory());
    await nextSecond();
    await member.iam.send(new DeleteRoleCommand({ RoleName: 'gone' }));
    await createRole(member, 'missed', trustOn(member, { aud: placeholderOf(factory()) }));
    const OpenIDConnectProviderArn = member.providerArn;
    const ClientID = placeholderOf(factory());
    await member.iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID }),
    );
    const { file } = await until('a plan in which nothing is too young', async () => {
      const planned = await planFile('missed.json', '--json');
      const { steps } = planned.json();
      return steps.filter(({ hold }: Step) => hold === undefined).length === 3 ? planned : undefined;
    });
    const { exitCode, json } = await apply(file);
    expect(exitCode).toBe(0);
    expect(
      json().results.map(({ reason, outcome }: Record<string, string>) => `${reason} ${outcome}`),
    ).toEqual(['placeholder-missing done', 'missed-creation done', 'missed-deletion done']);
    await roleWithStatus(member, 'missed', 'ready');
    expect(await member.audiences()).toContain(ClientID);
    expect(await member.audiences()).not.toContain(audience);
    expect((await commandLine().run(['plan', ...OPERATOR])).exitCode).toBe(0);
  });

  it('refuses a file that was changed, another factory, and a factory that is paused', async () => {
    const { file } = await planFile('plan.json');
    const plan = JSON.parse(readFileSync(file, 'utf8'));
    const refusal = async (text: object) => {
      const { exitCode, json } = await apply(commandLine().file('other.json', JSON.stringify(text)));
      return `${exitCode} ${json().error.code}`;
    };
    const step = { reason: 'missed-deletion', also: [], detail: '', risk: 'destructive' };
    const role = { kind: 'role', roleName: 'well', roleId: 'AROAEXAMPLE' };
    const forged = { ...step, accountId: factory().member.accountId, subject: role };
    expect(await refusal({ ...plan, steps: [forged] })).toBe('3 PlanAltered');
    expect(await refusal({ ...plan, prefix: 'another' })).toBe('3 WrongFactory');
    expect(await refusal({ steps: [] })).toBe('2 InvalidInput');

    await commandLine().run(['pause', ...OPERATOR, '--reason', 'test']);
    const paused = await commandLine().run(['plan', ...OPERATOR, '--json']);
    await commandLine().run(['resume', ...OPERATOR]);
    expect({ exitCode: paused.exitCode, code: paused.json().error.code }).toEqual({
      exitCode: 3,
      code: 'Paused',
    });
  });
});
