/** Policies that several tests of the rules start from. */
import type { LintSettings } from '../../../core/lint/role-facts.ts';
import { GITHUB, GITLAB, policy, statement, subject } from './policies.ts';

export const STS = 'sts.amazonaws.com';
export const REPO = 'repo:acme@1001/api@2002';
export const PROD = `${REPO}:environment:prod`;
export const WORKFLOW = 'acme/flows/.github/workflows/deploy.yml';
export const SHA = '0123456789abcdef0123456789abcdef01234567';
export const ON_GITLAB = 'project_path:acme/api:ref_type:branch:ref:main';
export const WORKSPACE = 'organization:acme:project:core:workspace:net';
export const STEP = '{759de0c6-eaee-4eaa-b7a6-c507eec759a7}';
export const REPOSITORY = '{1de489be-ce6a-42a0-a8c8-eadbf1174ac7}';
export const ENVIRONMENT = '{bd715740-c970-486b-b68a-b421ec2a1f8b}';
export const PROJECT = '76543210-ba98-fedc-3210-edcba0987654';
export const PIPELINE = '01234567-89ab-4cde-8f01-23456789abcd';
export const ACCOUNT_ID = '109876543210987654321';
export const PRINCIPAL = '5e990000-0000-4000-8000-000000000002';
export const CLIENT = 'a9900000-0000-4000-8000-000000000001';
export const GHES = 'ghes.acme.example/_services/token';
/** What `*` would be, but no longer. */
export const ANY_UUID = '????????-????-????-????-????????????';
export const PIPELINE_ON_MAIN = 'organization:acme:pipeline:api:ref:refs/heads/main:commit:*:step:*';

export const github = (sub: string | readonly string[], more = {}) => policy(subject(GITHUB, sub, more));
export const gitlab = (sub: string, more = {}) => policy(subject(GITLAB, sub, { project_id: '7', ...more }));
/** GitHub with these conditions beside the audience. */
export const claims = (conditions: Record<string, Record<string, unknown>>) =>
  policy(statement(GITHUB, { ...conditions, StringEquals: { aud: STS, ...conditions.StringEquals } }));
export const deny = (conditions: object) => ({
  Effect: 'Deny',
  Principal: '*',
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: conditions,
});

/** A policy, exactly the rules that it breaks, and what they need to know. */
export type Case = readonly [
  name: string,
  trustPolicy: object,
  rules: readonly string[],
  settings?: Partial<LintSettings>,
];
export type Cases = Readonly<Record<string, readonly Case[]>>;
