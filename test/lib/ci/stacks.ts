/** Stacks with roles for CI systems, and what their templates let in. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { onTestFinished } from 'vitest';
import { readTemplate } from '../../../core/lint/cloudformation.ts';
import { evaluateWebIdentityTrust, type TokenClaims } from '../../../core/policy/web-identity.ts';
import { CiRole, type CiRoleProps } from '../../../lib/ci/index.ts';

/** For the running test. */
export function newStack(): Stack {
  const outdir = join(tmpdir(), `oidc-factory-ci-${randomUUID()}`);
  onTestFinished(() => rmSync(outdir, { recursive: true }));
  return new Stack(new App({ outdir, analyticsReporting: false }), 'Test');
}

export const boundaryOf = (stack: Stack): ManagedPolicy =>
  new ManagedPolicy(stack, 'Boundary', {
    statements: [new PolicyStatement({ actions: ['s3:*'], resources: ['arn:aws:s3:::acme-site/*'] })],
  });

export const roleIn = (stack: Stack, props: Omit<CiRoleProps, 'boundary'>, id = 'Role'): CiRole =>
  new CiRole(stack, id, { boundary: boundaryOf(stack), ...props });

export const ARN = 'arn:aws:iam::111122223333:oidc-provider/';

/** The trust policy as it will be deployed. */
export const trustOf = (role: CiRole): { readonly Statement: readonly { readonly Condition: object }[] } =>
  Stack.of(role).resolve(role.assumeRolePolicy);

// biome-ignore lint/suspicious/noExplicitAny: templates are read as they are
type Json = any;

/** Whether a role of a template lets a token in; providers that the template makes are in an account of examples. */
export function admits(template: Json, role: string, issuer: string, claims: TokenClaims): boolean {
  const found = readTemplate(template).roles.find(({ name }) => name.startsWith(role));
  if (!found) throw new Error(`The template has no role ${role}`);
  const path = issuer.slice('https://'.length);
  const account = path === 'accounts.google.com' ? '' : 'arn:aws:iam::000000000000:oidc-provider/';
  return evaluateWebIdentityTrust({
    trustPolicy: JSON.stringify(found.trustPolicy),
    providerArn: `${account}${path}`,
    claims,
  }).allowed;
}
