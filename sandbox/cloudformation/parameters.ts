/** Secrets Manager and Systems Manager parameters. */
import type { CreateSecretResponse } from '@aws-sdk/client-secrets-manager';
import { type Creator, copied } from './creator.ts';

export const PARAMETER_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::SecretsManager::Secret': (properties, { invoke, physicalName }) => {
    const Name = properties.optional('Name', 'string') ?? physicalName(128);
    const input = { Name, ...copied(properties, ['Description', 'SecretString']) };
    return async () => {
      const { ARN = '' } = await invoke<CreateSecretResponse>('secretsmanager', 'CreateSecret', input);
      return {
        ref: ARN,
        attributes: { Id: ARN },
        remove: () =>
          invoke('secretsmanager', 'DeleteSecret', { SecretId: ARN, ForceDeleteWithoutRecovery: true }),
      };
    };
  },

  'AWS::SSM::Parameter': (properties, { invoke, physicalName }) => {
    const Name = properties.optional('Name', 'string') ?? physicalName(128);
    const Type = properties.required('Type', 'string');
    const Value = properties.required('Value', 'string');
    const input = { Name, Type, Value, ...copied(properties, ['AllowedPattern', 'Description', 'Tier']) };
    return async () => {
      await invoke('ssm', 'PutParameter', input);
      return {
        ref: Name,
        attributes: { Type, Value },
        remove: () => invoke('ssm', 'DeleteParameter', { Name }),
      };
    };
  },
};
