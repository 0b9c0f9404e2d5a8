/** What the examples deploy: the files of a website in S3. */
import type { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';

const BUCKET = 'arn:aws:s3:::acme-site';

/** The most that any deployment role can ever do, whatever is attached to it. */
export const siteBoundary = (stack: Stack): ManagedPolicy =>
  new ManagedPolicy(stack, 'Boundary', {
    description: 'Limits roles that CI systems deploy with',
    statements: [new PolicyStatement({ actions: ['s3:*'], resources: [BUCKET, `${BUCKET}/*`] })],
  });

export function mayDeploySite(role: Role): void {
  role.addToPolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [BUCKET] }));
  role.addToPolicy(
    new PolicyStatement({ actions: ['s3:PutObject', 's3:DeleteObject'], resources: [`${BUCKET}/*`] }),
  );
}

export function mayReadSite(role: Role): void {
  role.addToPolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [BUCKET] }));
  role.addToPolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: [`${BUCKET}/*`] }));
}
