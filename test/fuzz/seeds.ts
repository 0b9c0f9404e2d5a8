/**
 * Realistic inputs to mutate: the fixtures, and every line of every `*.jsonl` file of the folder that FUZZ_INPUTS
 * names. Of such a line its own fields count as well, so that records may come wrapped in notes about them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { eventFixture, eventFixtureNames } from '../fixtures/events.ts';
import { rewriteCase } from '../generators/trust-policy.ts';

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean);

const folder = process.env.FUZZ_INPUTS;
const extra: readonly unknown[] =
  folder === undefined
    ? []
    : readdirSync(folder)
        .filter((name) => name.endsWith('.jsonl'))
        .flatMap((name) => linesOf(join(folder, name)))
        .map((line): unknown => JSON.parse(line))
        .flatMap((line) =>
          typeof line === 'object' && line !== null ? [line, ...Object.values(line)] : [line],
        );

const objects = extra.filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const isEvent = (value: unknown) => 'eventName' in (value as object) || 'detail' in (value as object);

/** The fixtures, and the records of FUZZ_INPUTS. */
export const events: readonly unknown[] = [
  ...eventFixtureNames.map(eventFixture),
  ...objects.filter(isEvent),
];

/** EventBridge events and bare CloudTrail records. */
export const eventSeed: fc.Arbitrary<unknown> = fc.constantFrom(...events);

/** Policies as events carry them, and as they were found. */
const policies: readonly string[] = [
  ...events.flatMap(policiesOf),
  ...objects.filter((value) => 'Statement' in (value as object)).map((value) => JSON.stringify(value)),
  ...extra.filter((value) => typeof value === 'string' && value.length > 40),
] as string[];

function policiesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'assumeRolePolicyDocument' && typeof inner === 'string' ? [inner] : policiesOf(inner),
  );
}

/** Trust policies as text; not all of them JSON. */
export const trustPolicySeed: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: rewriteCase.map(({ request }) => request.trustPolicy) },
  { weight: 2, arbitrary: fc.constantFrom(...policies) },
);

const IDENTITY = [
  {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Send',
        Effect: 'Allow',
        Action: ['sqs:SendMessage', 'sqs:Get*'],
        Resource: [`arn:aws:sqs:us-east-1:111122223333:\${aws:username}`, 'arn:aws:sqs:*'],
        Condition: {
          StringLike: { 'aws:username': ['da*', `\${aws:PrincipalTag/team, 'x'}`] },
          NumericLessThanEquals: { 'aws:MultiFactorAuthAge': 3600 },
          Bool: { 'aws:SecureTransport': true },
          DateGreaterThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' },
          IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '2001:db8::/32'] },
          'ForAllValues:StringEqualsIfExists': { 'aws:TagKeys': ['a', 'b'] },
          ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/apps/*' },
          BinaryEquals: { 'k:bytes': 'QmluYXJ5' },
          Null: { 'k:none': 'true' },
        },
      },
      { Effect: 'Deny', NotAction: 's3:*', NotResource: 'arn:aws:sqs:us-east-1:111122223333:jobs' },
    ],
  },
  { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
];

/** Every operator and element that an identity policy may have. */
export const identityPolicySeed: fc.Arbitrary<string> = fc.constantFrom(
  ...IDENTITY.map((policy) => JSON.stringify(policy)),
);
