import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { edgeSection } from '../../bench/edge.ts';
import { isPast } from '../../bench/figures.ts';
import { WORLD } from '../../bench/scene.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'edge-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const created = (document: string, more: object = {}) => ({
  eventSource: 'iam.amazonaws.com',
  eventName: 'CreateRole',
  requestParameters: { roleName: 'x', assumeRolePolicyDocument: document },
  ...more,
});

it('no event of the fixtures that is about another tenant leaves the member account', () => {
  const { figures, details } = edgeSection(undefined);
  expect(figures.filter(isPast)).toEqual([]);
  expect(details).toMatchObject({ foreignCreateRole: expect.any(Number) });
  expect((details as { foreignCreateRole: number }).foreignCreateRole).toBeGreaterThan(3);
});

it('counts the events of a file, whatever they are wrapped in', () => {
  const file = join(folder, 'records.jsonl');
  const lines = [
    created(`{"Federated":"arn:aws:iam::111122223333:oidc-provider/sts.windows.net/${WORLD.tenantId}/"}`),
    { record: created('{"Service":"ec2.amazonaws.com"}') },
    { record: created(WORLD.tenantId, { errorCode: 'EntityAlreadyExistsException' }) },
    { source: 'aws.iam', 'detail-type': 'AWS API Call via CloudTrail', detail: created('{}') },
    { eventSource: 'iam.amazonaws.com', eventName: 'DeleteRole', requestParameters: { roleName: 'x' } },
    { eventSource: 'iam.amazonaws.com', eventName: 'CreateUser' },
    { eventSource: 's3.amazonaws.com', eventName: 'CreateBucket' },
  ];
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join('\n'));
  const { figures, details } = edgeSection(file);
  expect(details).toEqual({
    classes: [
      { name: 'CreateRole', all: 4, leave: 1 },
      { name: 'DeleteRole', all: 1, leave: 1 },
      { name: 'other of IAM', all: 1, leave: 0 },
      { name: 'of other services', all: 1, leave: 0 },
    ],
    foreignCreateRole: 2,
  });
  expect(figures.map(({ value }) => value)).toEqual([33.3, 0]);
});
