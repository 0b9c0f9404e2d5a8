import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { knownFactory, knownFactoryIfAny } from '../../cli/settings.ts';
import CONFIG from '../../oidc-factory.example.json' with { type: 'json' };
import { PLACEHOLDER, SETTINGS, TENANT } from '../fixtures/domain.ts';

const home = process.cwd();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oidc-factory-settings-'));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

const { factoryAppId: _, factoryServicePrincipalId: __, ...DEFAULTS } = SETTINGS;
const write = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));

describe('what the factory decides by', () => {
  it('comes from the tenant, with the defaults of a config', () => {
    expect(knownFactory({ tenant: TENANT.toUpperCase() })).toMatchObject({
      settings: DEFAULTS,
      config: undefined,
    });
  });

  it('comes from the config that is named, or lies here', () => {
    write('other.json', { ...CONFIG, prefix: 'other' });
    write('oidc-factory.json', { ...CONFIG, placeholders: ['x'], protectedRoles: ['y*'], deletion: 'purge' });
    expect(knownFactory({ config: 'other.json' })).toMatchObject({
      settings: { ...DEFAULTS, memberRolePrefix: 'other', placeholders: [PLACEHOLDER] },
      config: { factory: CONFIG.factory },
    });
    expect(knownFactory({})).toMatchObject({
      settings: { ...DEFAULTS, placeholders: ['x'], protectedRoles: ['y*'], deletion: 'purge' },
    });
    expect(knownFactory({ tenant: TENANT })).toMatchObject({ settings: DEFAULTS });
  });

  it('may be unknown where that is no failure', () => {
    expect(knownFactoryIfAny({})).toBeUndefined();
    expect(knownFactoryIfAny({ tenant: TENANT })).toMatchObject({ settings: DEFAULTS });
  });

  it.each([
    ['nothing is known', {}, { code: 'NoConfig', outcome: 'usage' }],
    ['the tenant is none', { tenant: 'contoso' }, { code: 'InvalidInput' }],
    ['there is no such file', { config: 'absent.json' }, { code: 'InvalidConfig', outcome: 'usage' }],
    [
      'the config is wrong',
      { config: 'wrong.json' },
      { message: expect.stringMatching(/organizationId: missing/) },
    ],
  ])('is missing where %s', (_name, options, failure) => {
    write('wrong.json', {});
    expect(() => knownFactory(options)).toThrowError(expect.objectContaining(failure));
  });
});
