/** Failures of the tenant and of the login to it, which strike every role at once: so one after the other. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteItemCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { CONTROL_KEY } from '../../lambdas/adapters/control-items.ts';
import { configure, crash } from './functions.ts';
import type { Repair } from './member-account.ts';
import { type Failure, useScene } from './scene.ts';

const scene = useScene(1);

interface FailureMode extends Failure {
  readonly roleName: string;
  readonly cause: string;
  readonly arrange: () => Promise<Repair>;
}

/** A new process logs in anew; a warm one goes on with its token. */
const startCold = () => crash(scene.factory(), 'register-application');

async function administer(method: string, path: string, json?: object) {
  const { status, body } = await scene.factory().graph(method, path, json);
  if (status >= 300) throw new Error(`Graph answers ${status} to ${method} ${path}`);
  return body;
}

/** As `oidc-factory resume` does. */
async function closeBreaker() {
  const { dynamo } = scene.factory();
  const { TableNames } = await dynamo.send(new ListTablesCommand({}));
  const TableName = TableNames?.find((name) => name.includes('Ledger'));
  await dynamo.send(new DeleteItemCommand({ TableName, Key: CONTROL_KEY }));
  // So long a function believes what it has read.
  await delay(1000);
}

const configured = (variable: string, value: string) =>
  configure(scene.factory(), 'register-application', variable, value);

const MODES: readonly FailureMode[] = [
  {
    cause: 'the factory has no permission in Graph',
    roleName: 'graph-forbids',
    code: 'DirectoryForbidden',
    step: 'register-application',
    arrange: async () => {
      const path = `/servicePrincipals/${scene.factory().sandbox.world.factoryServicePrincipalId}/appRoleAssignments`;
      const { value } = await administer('GET', path);
      expect(value).toHaveLength(1);
      const [{ id, principalId, resourceId, appRoleId }] = value;
      await administer('DELETE', `${path}/${id}`);
      await startCold();
      // Without a cold start: the next run has to see that its token is older than the permission.
      return () => administer('POST', path, { principalId, resourceId, appRoleId });
    },
  },
  {
    cause: 'the factory’s service principal is disabled',
    roleName: 'login-refused',
    code: 'DirectoryLoginFailed',
    step: 'register-application',
    arrange: async () => {
      const path = `/servicePrincipals/${scene.factory().sandbox.world.factoryServicePrincipalId}`;
      await administer('PATCH', path, { accountEnabled: false });
      await startCold();
      return () => administer('PATCH', path, { accountEnabled: true });
    },
  },
  {
    cause: 'the tenant id is wrong',
    roleName: 'wrong-tenant',
    code: 'DirectoryLoginFailed',
    step: 'register-application',
    arrange: () => configured('ENTRA_TENANT_ID', '99999999-2222-4333-8444-555555555555'),
  },
  {
    cause: 'a setting is malformed',
    roleName: 'wrong-setting',
    code: 'InvalidSettings',
    step: 'register-application',
    arrange: () => configured('ENTRA_FACTORY_APP_ID', 'the factory'),
  },
  {
    cause: 'AWS issues no tokens for the outside',
    roleName: 'no-federation',
    code: 'OutboundFederationDisabled',
    step: 'register-application',
    arrange: async () => {
      const { aws, world } = scene.factory().sandbox;
      aws.sts.disableOutboundFederation(world.factoryAccountId);
      await startCold();
      return async () => aws.sts.enableOutboundFederation(world.factoryAccountId);
    },
  },
  {
    cause: 'the factory’s quota of directory objects is used up',
    roleName: 'quota',
    code: 'DirectoryQuotaExceeded',
    step: 'register-application',
    arrange: async () => {
      const { entra, world } = scene.factory().sandbox;
      const fillers = Array.from({ length: 250 }, (_, index) =>
        entra.directory.addApplication({
          displayName: `of long ago ${index}`,
          uniqueName: `oidc-factory-of-long-ago-${index}`,
          createdByAppId: world.factoryAppId,
        }),
      );
      return async () => {
        for (const filler of fillers) entra.directory.purge(filler);
        await closeBreaker();
      };
    },
  },
];

describe.each(MODES)('because $cause', ({ roleName, arrange, ...failure }) => {
  it('the run fails, and the next one serves the role', async () => {
    const { member } = scene.factory();
    const before = await member.audiences();
    const repair = await arrange();
    await scene.create(member, roleName);
    await scene.failed(member, roleName, failure);
    expect(await member.audiences()).toEqual(before);
    await repair();
    await scene.mended(member, roleName);
  });
});

describe('what passes', () => {
  it('(Graph throttles everything for a while) ends ready', async () => {
    const { member, sandbox } = scene.factory();
    const { recorder } = sandbox;
    recorder.inject({
      cloud: 'entra',
      service: 'graph',
      kind: 'throttle',
      about: sandbox.world.factoryAppId,
    });
    await scene.create(member, 'storm');
    const throttled = () =>
      recorder.calls().filter(({ service, outcome }) => service === 'graph' && outcome === 'fault:throttle');
    await scene
      .watched()
      .until(async () => ({ ...(throttled().length > 12 && { found: true }), instead: throttled().length }));
    recorder.clearFaults();
    await scene.ready(member, 'storm');
  });

  it('(Entra does not know the federated credential yet) ends ready', async () => {
    const { member, sandbox } = scene.factory();
    const path = `/applications/${sandbox.tenant.factory.objectId}/federatedIdentityCredentials`;
    const { value } = await administer('GET', path);
    const credential = value.find(({ subject }: { subject: string }) =>
      subject.endsWith('/oidc-factory-register-application'),
    );
    await administer('DELETE', `${path}/${credential.id}`);
    await startCold();
    sandbox.recorder.clearCalls();
    await scene.create(member, 'too-early');
    const refused = () =>
      sandbox.recorder
        .calls()
        .filter(
          ({ cloud, service, outcome }) => cloud === 'entra' && service !== 'graph' && outcome !== 'ok',
        );
    await scene.watched().until(async () => ({
      ...(refused().length > 1 && { found: true }),
      instead: sandbox.recorder.calls().slice(-20),
    }));
    const { name, issuer, subject, audiences } = credential;
    await administer('POST', path, { name, issuer, subject, audiences });
    await scene.ready(member, 'too-early');
  });
});

describe('at rest', () => {
  it('everything holds that must always hold', () => scene.invariants());
});
