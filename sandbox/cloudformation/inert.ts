/** Resources that have a name and no effect here. Their properties are known all the same. */
import { randomUUID } from 'node:crypto';
import type { Creator } from './creator.ts';

export const INERT_CREATORS: Readonly<Record<string, Creator>> = {
  /** Nothing here is on a disk, so nothing is encrypted; nor is checked who may use the key. */
  'AWS::KMS::Key': (properties, { partition, region, accountId }) => {
    const keyId = randomUUID();
    properties.required('KeyPolicy', 'object');
    properties.optional('Description', 'string');
    properties.optional('EnableKeyRotation', 'boolean');
    return async () => ({
      ref: keyId,
      attributes: { Arn: `arn:${partition}:kms:${region}:${accountId}:key/${keyId}`, KeyId: keyId },
    });
  },

  'AWS::CDK::Metadata': (properties) => {
    properties.optional('Analytics', 'string');
    return async () => ({ ref: '' });
  },
};
