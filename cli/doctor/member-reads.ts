import { PARTITIONS, type Partition } from '../../core/issuer.ts';
import type { AwsOptions } from '../aws.ts';
import { getProvider, getRole, iamClient, providerArns } from '../iam.ts';
import type { Io } from '../io.ts';
import { eventReads } from './event-reads.ts';
import type { MemberReads } from './reads.ts';

/** A member account, in the region where its partition records IAM's events. */
export function memberReads(io: Io, options: AwsOptions, partition: Partition): MemberReads {
  const iam = iamClient(io, options, partition);
  return {
    ...eventReads(io, { ...options, region: PARTITIONS[partition].iamEventRegion }),
    role: (name) => getRole(iam, name),
    providers: () => providerArns(iam),
    provider: (arn) => getProvider(iam, arn),
  };
}
