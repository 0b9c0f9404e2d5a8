import { describe, expect, it } from 'vitest';
import { groupLetters } from '../../core/dead-letters.ts';
import { eventFixture } from '../fixtures/events.ts';

describe('a sample of dead letters', () => {
  it('is told by kind, account, role and code, the most frequent first', () => {
    const body = JSON.stringify(eventFixture('create-role.recipient-account-absent'));
    expect(
      groupLetters([
        { body: 'no JSON' },
        { body, errorCode: 'NO_PERMISSIONS' },
        { body, errorCode: 'NO_PERMISSIONS' },
      ]),
    ).toEqual([
      { kind: 'malformed', accountId: '-', roleName: '-', errorCode: 'NO_PERMISSIONS', count: 2 },
      { kind: 'other', accountId: '-', roleName: '-', errorCode: '-', count: 1 },
    ]);
  });

  it('shows nothing else of a message', () => {
    expect(JSON.stringify(groupLetters([{ body: '{"secret":"x"}' }]))).not.toContain('secret');
  });
});
