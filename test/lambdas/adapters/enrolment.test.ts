/** What enrolment asks of DynamoDB and Organizations; IAM's part runs in the local cloud. */
import { ConditionalCheckFailedException, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  ListParentsCommand,
  OrganizationsClient,
  OrganizationsServiceException,
} from '@aws-sdk/client-organizations';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { accountId, audience, providerArn } from '../../../core/ids.ts';
import { accountRecords } from '../../../lambdas/adapters/accounts.ts';
import { organization } from '../../../lambdas/adapters/organization.ts';

const ACCOUNT = accountId('111122223333');
const dynamodb = mockClient(DynamoDBClient);
const organizations = mockClient(OrganizationsClient);
beforeEach(() => {
  dynamodb.reset();
  organizations.reset();
});

describe('the record of an account', () => {
  const records = accountRecords({ table: 'ledger', client: new DynamoDBClient({ region: 'us-east-1' }) });
  const record = {
    accountId: ACCOUNT,
    organizationalUnits: ['r-ab12'],
    notes: ['provider-missing'],
    placeholders: [audience('x')],
  } as const;
  const updates = () => dynamodb.commandCalls(UpdateItemCommand).map(({ args: [{ input }] }) => input);

  it('is updated field by field, for others write it too', async () => {
    const arn = providerArn('arn:aws:iam::111122223333:oidc-provider/x');
    await records.enrolled(
      { ...record, providerArn: arn },
      '2026-11-20T10:00:00.000Z',
      '2026-11-20T10:00:00.000Z',
    );
    expect(updates()).toEqual([
      {
        TableName: 'ledger',
        Key: { role: { S: 'account' }, roleId: { S: ACCOUNT } },
        UpdateExpression:
          'SET enrolledAt = if_not_exists(enrolledAt, :now), organizationalUnits = :units, notes = :notes, placeholders = :placeholders, providerArn = :provider, heartbeatSentAt = :sent',
        ExpressionAttributeValues: {
          ':now': { S: '2026-11-20T10:00:00.000Z' },
          ':units': { L: [{ S: 'r-ab12' }] },
          ':notes': { L: [{ S: 'provider-missing' }] },
          ':placeholders': { L: [{ S: 'x' }] },
          ':provider': { S: arn },
          ':sent': { S: '2026-11-20T10:00:00.000Z' },
        },
      },
    ]);
  });

  it('forgets a provider that is gone', async () => {
    await records.enrolled({ ...record, providerArn: null }, '2026-11-20T10:00:00.000Z');
    expect(updates()[0]?.UpdateExpression).toMatch(/ REMOVE providerArn$/);
  });

  it('keeps the latest heartbeat, and none of an account that nobody enrolled', async () => {
    const message = 'The conditional request failed';
    dynamodb.on(UpdateItemCommand).rejects(new ConditionalCheckFailedException({ message, $metadata: {} }));
    await records.heartbeatSeen(ACCOUNT, '2026-11-20T10:00:00.000Z');
    expect(updates()[0]?.ConditionExpression).toMatch(/^attribute_exists\(enrolledAt\) AND /);
  });

  it('fails where the table refuses', async () => {
    dynamodb.on(UpdateItemCommand).rejects(Object.assign(new Error(), { name: 'AccessDeniedException' }));
    await expect(records.heartbeatSeen(ACCOUNT, '2026-11-20T10:00:00.000Z')).rejects.toMatchObject({
      code: 'LedgerForbidden',
    });
  });
});

describe('the organization', () => {
  const reading = organization(new OrganizationsClient({ region: 'us-east-1' }));

  it('has units above an account, the nearest first and the root last', async () => {
    organizations
      .on(ListParentsCommand, { ChildId: ACCOUNT })
      .resolves({ Parents: [{ Id: 'ou-ab12-inner000', Type: 'ORGANIZATIONAL_UNIT' }] })
      .on(ListParentsCommand, { ChildId: 'ou-ab12-inner000' })
      .resolves({ Parents: [{ Id: 'ou-ab12-outer000', Type: 'ORGANIZATIONAL_UNIT' }] })
      .on(ListParentsCommand, { ChildId: 'ou-ab12-outer000' })
      .resolves({ Parents: [{ Id: 'r-ab12', Type: 'ROOT' }] });
    expect(await reading.unitsOf(ACCOUNT)).toEqual(['ou-ab12-inner000', 'ou-ab12-outer000', 'r-ab12']);
  });

  it.each([
    ['AccessDeniedException', 'OrganizationForbidden'],
    ['TooManyRequestsException', 'Throttled'],
    ['ServiceException', 'Unavailable'],
  ])('%s is %s', async (name, code) => {
    const $fault = name === 'ServiceException' ? 'server' : 'client';
    const httpStatusCode = $fault === 'server' ? 500 : 400;
    organizations
      .on(ListParentsCommand)
      .rejects(new OrganizationsServiceException({ name, $fault, $metadata: { httpStatusCode } }));
    await expect(reading.unitsOf(ACCOUNT)).rejects.toMatchObject({ code });
  });
});
