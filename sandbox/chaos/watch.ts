/** Looks at the clouds while everything is under way, for what must hold at every moment. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clients } from '../clients.ts';
import { roleOf } from './census.ts';
import type { Chance } from './chance.ts';
import type { Estate, Violation } from './estate.ts';
import { foreignLosses } from './judge-rest.ts';
import { APPLICATION_AUDIENCE } from './judge-write.ts';
import { admissionOf } from './trust.ts';

interface WatchOptions {
  readonly clients: Clients;
  readonly estate: Estate;
  readonly draw: Chance;
  readonly foreign: { readonly appIds: readonly string[]; readonly audiences: ReadonlySet<string> };
}

const PAUSE_MS = 400;

export class Watch {
  readonly violations: Violation[] = [];
  looks = 0;
  readonly #options: WatchOptions;
  #isOver = false;
  #loop: Promise<void> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
    // Rejects where it is waited for, at the end.
    this.#loop.catch(() => undefined);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      await this.#lookAtRole();
      if (this.looks % 5 === 0) await this.#lookAtForeign();
      this.looks += 1;
      await delay(PAUSE_MS);
    }
  }

  /** No role trusts the application of another incarnation, whatever was written when. */
  async #lookAtRole(): Promise<void> {
    const { clients, estate, draw } = this.#options;
    const role = draw.pickAny(estate.living());
    if (!role) return;
    const { accountId, roleName, providerArn } = role;
    const member = clients.members.find((one) => one.accountId === accountId);
    const seen = await roleOf(member, roleName);
    const audience = seen && admissionOf(seen.trust, providerArn)?.audience;
    if (!seen || audience === undefined || !APPLICATION_AUDIENCE.test(audience)) return;
    // A developer may name whatever audience: that is no doing of the factory.
    const isChosen = estate
      .of(accountId, roleName)
      .some((one) => one.shape === 'others-audience' && one.roleId === seen.roleId);
    if (isChosen) return;
    const appId = audience.replace('api://', '');
    const { status, body } = await clients.graph('GET', `/applications(appId='${appId}')`);
    if (status === 404 || body.uniqueName?.includes(`-${accountId}-${seen.roleId}-`)) return;
    this.violations.push({
      rule: 3,
      accountId,
      roleName,
      roleId: seen.roleId,
      expected: 'a role trusts an application of its own incarnation',
      found: `${audience}, which is ${body.uniqueName}`,
    });
  }

  async #lookAtForeign(): Promise<void> {
    const { clients, foreign, draw } = this.#options;
    const appId = draw.pickAny(foreign.appIds) ?? '';
    const member = draw.pickAny(clients.members);
    const { status } = await clients.graph('GET', `/applications(appId='${appId}')`);
    const seen = {
      applications: status === 404 ? [] : [{ appId, id: '', uniqueName: null, createdByAppId: null }],
      audiences: new Map(member ? [[member.accountId, await member.audiences()] as const] : []),
    };
    this.violations.push(...foreignLosses(seen, { appIds: [appId], audiences: foreign.audiences }));
  }
}
