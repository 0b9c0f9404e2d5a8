import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { decideDispatch } from '../../core/dispatch.ts';
import { explainEvent } from '../../core/explain/event.ts';
import { parseRoleEvent } from '../../core/role-event.ts';
import CONFIG from '../../oidc-factory.example.json' with { type: 'json' };
import { ENTRY, SETTINGS, TENANT } from '../fixtures/domain.ts';
import { eventFixture, eventFixtureNames } from '../fixtures/events.ts';
import { run } from './recorded-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-explain-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const TENANT_ONLY = ['--tenant', TENANT];
const CREATED = eventFixture('create-role.console');
const DELETED = eventFixture('delete-role.console');
const explain = (input: unknown, ...more: string[]) =>
  run(['explain', ...TENANT_ONLY, ...more], {
    input: typeof input === 'string' ? input : JSON.stringify(input),
  });
const decisions = ({ stdout }: { readonly stdout: string }) =>
  stdout.split('\n').map((line) => JSON.parse(line).decision);

describe('oidc-factory explain', () => {
  it('tells what would happen first, then every step', async () => {
    const { stdout, stderr, exitCode } = await explain(CREATED);
    expect([exitCode, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('CREATE     deploy in 111122223333: served');
    expect(lines.slice(2)).toContainEqual(
      "  dispatch-role-event   create: the trust policy names the tenant's provider of this account",
    );
    expect(lines).toContainEqual('                          iam:UpdateAssumeRolePolicy    deploy');
  });

  it.each([
    [
      'create-role.microsoft-audience',
      /^CREATE {5}deploy in \d{12}: looked at and left alone: audience-not-placeholder: /,
    ],
    [
      'create-role.policy-not-json-but-names-tenant',
      /^CREATE {5}deploy in \d{12}: looked at: only the role itself tells/,
    ],
    ['create-role.response-absent', /^CREATE {5}deploy in \d{12}: served/],
    [
      'delete-role.console',
      /^DELETE {5}deploy in \d{12}: application and audience are removed, where the ledger holds/,
    ],
    ['update-assume-role-policy', /^CREATE {5}deploy in \d{12}: /],
    ['create-user', /^IGNORE {5}a record in \d{12}: not-a-role-event \(it is CreateUser\)/],
    ['delete-provider', /^ENROL {6}a record in \d{12}: the account is enrolled: .* deleted$/m],
    ['tag-provider.heartbeat', /^HEARTBEAT {2}a record in \d{12}: the way from this account/],
    ['create-role.event-id-absent', /^MALFORMED {2}a record: missing-fields \(missing or invalid: eventID\)/],
    ['detail-not-an-object', /^IGNORE {5}a record: not-an-event \(/],
  ])('says of %s in one line what becomes of it', async (name, headline) => {
    expect((await explain(eventFixture(name))).stdout).toMatch(headline);
  });

  it('says so where an event that would start a run never arrives', async () => {
    const { stdout } = await explain(eventFixture('create-role.request-parameters-null'));
    expect(stdout).toMatch(/^CREATE .* never arrives: detail\.requestParameters/);
  });

  it('prints one object for each record with --json, decided as the dispatcher does', async () => {
    const records = eventFixtureNames.map(eventFixture);
    const ledger = file('none.json', JSON.stringify({ entries: [] }));
    const printed = decisions(await explain(records, '--json', '--ledger', ledger));
    const decided = records.map((record) => {
      const event = parseRoleEvent(record);
      // The ledger is known by role names.
      if (event.kind === 'audience-removed') return explainEvent(record, SETTINGS).decision;
      return event.kind === 'malformed' ? event.kind : decideDispatch(event, SETTINGS, []).decision;
    });
    expect(printed).toEqual(decided);
  });

  it('takes the tenant and everything else from the config', async () => {
    const config = { ...CONFIG, protectedRoles: ['dep*'] };
    const path = file('oidc-factory.json', JSON.stringify(config));
    const { json } = await run(['explain', '--config', path, '--json'], { input: JSON.stringify(CREATED) });
    expect(json()).toMatchObject({ decision: 'ignore', reason: 'protected' });
  });
});

describe('the records', () => {
  const bare = eventFixture('create-role.bare-record');
  const log = JSON.stringify({ Records: [bare, DELETED] });

  it.each<[string, string | unknown]>([
    ['a list', [CREATED, DELETED]],
    ['a CloudTrail log file', log],
    ['lines of JSON', `${JSON.stringify(CREATED)}\n\n${JSON.stringify(DELETED)}\n`],
    [
      'lines that end with CRLF, after a byte order mark',
      `\uFEFF${JSON.stringify(CREATED)}\r\n${JSON.stringify(DELETED)}`,
    ],
    ['text that holds JSON, as LookupEvents gives it', [JSON.stringify(bare), JSON.stringify(DELETED)]],
  ])('come as %s', async (_, input) => {
    expect(decisions(await explain(input, '--json'))).toEqual(['create', 'delete']);
  });

  it('come from files, gzipped ones too', async () => {
    for (const path of [file('log.json', log), file('log.json.gz', gzipSync(log))]) {
      expect(decisions(await run(['explain', path, ...TENANT_ONLY, '--json']))).toEqual(['create', 'delete']);
    }
  });

  it('are told in a line each and counted where there are many', async () => {
    const other = eventFixture('other-service');
    const { stdout } = await explain([
      CREATED,
      other,
      DELETED,
      other,
      eventFixture('create-role.other-tenant'),
    ]);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^CREATE {5}deploy/),
      expect.stringMatching(/^DELETE {5}deploy/),
      expect.stringMatching(/^IGNORE {5}deploy in \d{12}: not-tenant-provider/),
      '5 records: 3 ignore, 1 create, 1 delete',
      'ignored: 2 not-iam, 1 not-tenant-provider',
    ]);
  });

  it.each([
    ['what is not JSON', 'jane: true', /^InvalidInput: Standard input, line 1: expected JSON$/],
    ['a line that is not JSON', '{}\n\n{', /^InvalidInput: Standard input, line 3: expected JSON$/],
    ['no record at all', '[]', /^InvalidInput: .*at least one record$/],
    ['nothing', '', /^InvalidInput: .*at least one record$/],
  ])('fail where there is %s, without quoting it', async (_, input, message) => {
    const { exitCode, stderr, stdout } = await explain(input);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it.each([
    ['absent.json', /^InvalidInput: .*absent\.json cannot be read \(ENOENT\)$/],
    ['absent.json.gz', /^InvalidInput: .*absent\.json\.gz cannot be read \(ENOENT\)$/],
    [file('not.gz', 'text'), /^InvalidInput: .*not\.gz cannot be read \(Z_DATA_ERROR\)$/],
  ])('fail where a file cannot be read: %s', async (path, message) => {
    expect((await run(['explain', path, ...TENANT_ONLY])).stderr).toMatch(message);
  });
});

describe('--ledger', () => {
  const decide = async (...entries: readonly object[]) => {
    const ledger = file('ledger.json', JSON.stringify({ entries }));
    return (await explain(DELETED, '--json', '--ledger', ledger)).json();
  };

  it('decides about DeleteRole events', async () => {
    expect(await decide(ENTRY)).toMatchObject({ decision: 'delete', reason: 'role-known' });
    expect(await decide({ ...ENTRY, roleName: 'DEPLOY' })).toMatchObject({ decision: 'delete' });
    expect(await decide({ ...ENTRY, phase: 'removed' })).toMatchObject({ decision: 'ignore' });
    expect(await decide({ ...ENTRY, accountId: '444455556666' })).toMatchObject({ reason: 'unknown-role' });
  });

  it.each([
    ['another document', { Roles: [] }],
    ['an entry without a phase', { entries: [{ ...ENTRY, phase: undefined }] }],
    ['an entry of no role', { entries: [{ ...ENTRY, roleName: 'no such name' }] }],
    ['an entry that is none', { entries: [null] }],
  ])('refuses %s', async (_, content) => {
    const ledger = file('broken.json', JSON.stringify(content));
    const { exitCode, stderr } = await explain(DELETED, '--ledger', ledger);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/^InvalidInput: .*status --json/)]);
  });
});
