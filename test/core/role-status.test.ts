import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roleId } from '../../core/ids.ts';
import { roleStatus } from '../../core/role-status.ts';
import { failedTags, ignoredTags, MARK_KEY, pendingTags, readyTags, TAGS } from '../../core/tags.ts';
import { APP_ID, AUDIENCE } from '../fixtures/domain.ts';

const ID = roleId('AROAEXAMPLEROLE00001');
const MARK = { [MARK_KEY]: ID };
const READY = { ...MARK, ...readyTags({ appId: APP_ID, audience: AUDIENCE }) };
const statusOf = (tags: Record<string, string>) => roleStatus({ roleId: ID, tags });

describe('the status of a role', () => {
  it('is what the factory wrote', () => {
    expect(statusOf(READY)).toEqual({
      status: 'ready',
      detail: 'The role trusts its application',
      application: { clientId: APP_ID, audience: AUDIENCE },
    });
    expect(statusOf(pendingTags(ID)).status).toBe('pending');
    expect(statusOf({ ...MARK, ...failedTags('ProviderFull') })).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/^ProviderFull: /),
    });
    expect(statusOf(ignoredTags('The audience is of another role'))).toEqual({
      status: 'ignored',
      detail: 'The audience is of another role',
    });
  });

  it('reads keys in any case, as IAM compares them', () => {
    const upper = Object.fromEntries(Object.entries(READY).map(([key, value]) => [key.toUpperCase(), value]));
    expect(statusOf(upper)).toEqual(statusOf(READY));
  });

  it.each<[string, Record<string, string>]>([
    ['there are no tags', {}],
    ['the status is no known one', { [TAGS.status]: 'Ready' }],
    ['the tags are of an earlier role of the name', { ...READY, [MARK_KEY]: 'AROAEXAMPLEROLE00002' }],
    ['a pending mark is of an earlier role', { ...pendingTags(roleId('AROAEXAMPLEROLE00002')) }],
    ['ready has no mark', { ...readyTags({ appId: APP_ID, audience: AUDIENCE }) }],
    ['ready has no client id', { ...READY, [TAGS.clientId]: '' }],
    ['the client id is none', { ...READY, [TAGS.clientId]: 'api://x' }],
    ['ready has no audience', { ...READY, [TAGS.audience]: '' }],
  ])('is none where %s', (_, tags) => {
    expect(statusOf(tags)).toMatchObject({ status: 'none', detail: expect.stringMatching(/\w/) });
    expect(statusOf(tags)).not.toHaveProperty('application');
  });

  it('is ignored where a developer asked for it and nothing else is said', () => {
    expect(statusOf({ [TAGS.ignore]: '' }).status).toBe('ignored');
    expect(statusOf({ ...READY, [TAGS.ignore]: 'yes' }).status).toBe('ready');
  });

  it('never fails, and names an application with ready only', () => {
    const keys = [...Object.values(TAGS), MARK_KEY];
    const values = fc.oneof(fc.string(), fc.constantFrom('ready', 'failed', ID, APP_ID, AUDIENCE));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), values), (tags) => {
        const { status, application } = statusOf(tags);
        expect(application !== undefined).toBe(status === 'ready');
      }),
    );
  });
});
