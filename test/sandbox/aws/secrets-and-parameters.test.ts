import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecretsManager } from '../../../sandbox/aws/secretsmanager.ts';
import { createSsm } from '../../../sandbox/aws/ssm.ts';
import { createLab, FACTORY, type Lab, REGION } from './lambda-lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
  lab.cloud.register(createSecretsManager(lab.cloud));
  lab.cloud.register(createSsm(lab.cloud));
});
afterAll(() => lab.close());

describe('a secret', () => {
  const call = <Output = Record<string, unknown>>(operation: string, input: object, options = {}) =>
    lab.call<Output>('secretsmanager', operation, input, options);
  const create = (Name: string, SecretString = 'one') =>
    call<{ ARN: string; VersionId: string }>('CreateSecret', { Name, SecretString });

  it('is read by name, by ARN and by the ARN without its random end', async () => {
    const { ARN } = await create('found');
    expect(ARN).toMatch(/:secret:found-\w{6}$/);
    for (const SecretId of ['found', ARN, ARN.slice(0, -7)]) {
      expect(await call('GetSecretValue', { SecretId })).toMatchObject({ ARN, SecretString: 'one' });
    }
  });

  it('keeps its previous value beside the current one', async () => {
    await create('renewed');
    await call('PutSecretValue', { SecretId: 'renewed', SecretString: 'two' });
    expect(await call('GetSecretValue', { SecretId: 'renewed' })).toMatchObject({ SecretString: 'two' });
    expect(await call('GetSecretValue', { SecretId: 'renewed', VersionStage: 'AWSPREVIOUS' })).toMatchObject({
      SecretString: 'one',
      VersionStages: ['AWSPREVIOUS'],
    });
    expect(
      Object.keys((await call('DescribeSecret', { SecretId: 'renewed' })).VersionIdsToStages as object),
    ).toHaveLength(2);
  });

  it('is renewed once by a repeated request', async () => {
    await create('repeated');
    const ClientRequestToken = 'a'.repeat(32);
    const request = { SecretId: 'repeated', SecretString: 'two', ClientRequestToken };
    expect(await call('PutSecretValue', request)).toEqual(await call('PutSecretValue', request));
    await expect(call('PutSecretValue', { ...request, SecretString: 'three' })).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
    expect(await call('GetSecretValue', { SecretId: 'repeated', VersionStage: 'AWSPREVIOUS' })).toMatchObject(
      { SecretString: 'one' },
    );
  });

  it('is refused without a value, twice, and where it does not exist', async () => {
    await create('once');
    await expect(create('once', 'other')).rejects.toMatchObject({ name: 'ResourceExistsException' });
    await expect(call('CreateSecret', { Name: 'empty' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(call('GetSecretValue', { SecretId: 'none' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('is open only to who may read that very secret', async () => {
    const { ARN: Resource } = await create('allowed');
    await create('not-allowed');
    const role = await lab.role(FACTORY, 'secret-reader', 'lambda.amazonaws.com', [
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource },
    ]);
    const as = lab.cloud.assumeRoleAsService(role, 'lambda.amazonaws.com', 'test');
    await expect(call('GetSecretValue', { SecretId: 'allowed' }, { as })).resolves.toBeDefined();
    await expect(call('GetSecretValue', { SecretId: 'not-allowed' }, { as })).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

describe('a parameter', () => {
  const call = <Output = Record<string, unknown>>(operation: string, input: object, options = {}) =>
    lab.call<Output>('ssm', operation, input, options);
  const put = (Name: string, Value: string, more: object = {}) =>
    call('PutParameter', { Name, Value, Type: 'String', ...more });

  it('is written, overwritten on purpose only, read and deleted', async () => {
    await put('/a/b', 'one');
    await expect(put('/a/b', 'two')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    expect(await put('/a/b', 'two', { Overwrite: true })).toMatchObject({ Version: 2 });
    const ARN = `arn:aws:ssm:${REGION}:${FACTORY}:parameter/a/b`;
    for (const Name of ['/a/b', ARN]) {
      expect(await call('GetParameter', { Name })).toMatchObject({
        Parameter: { Value: 'two', ARN, Version: 2 },
      });
    }
    expect(await call('GetParameters', { Names: ['/a/b', 'none'] })).toMatchObject({
      Parameters: [{ Name: '/a/b' }],
      InvalidParameters: ['none'],
    });
    await call('DeleteParameter', { Name: '/a/b' });
    await expect(call('GetParameter', { Name: '/a/b' })).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });

  it.each([
    ['a secure string', { Type: 'SecureString' }, 'UnsupportedParameterType'],
    ['a value against its pattern', { AllowedPattern: '^\\d+$' }, 'ParameterPatternMismatchException'],
    ['an empty value', { Value: '' }, 'ValidationException'],
    ['an invalid name', { Name: 'a b' }, 'ValidationException'],
  ])('refuses %s', async (_, change, name) => {
    await expect(put('new', 'x', change)).rejects.toMatchObject({ name });
  });

  it('is open only to who may read it', async () => {
    await put('mine', 'x');
    const Resource = `arn:aws:ssm:${REGION}:${FACTORY}:parameter/mine`;
    const role = await lab.role(FACTORY, 'parameter-reader', 'lambda.amazonaws.com', [
      { Effect: 'Allow', Action: 'ssm:GetParameter', Resource },
    ]);
    const as = lab.cloud.assumeRoleAsService(role, 'lambda.amazonaws.com', 'test');
    await expect(call('GetParameter', { Name: 'mine' }, { as })).resolves.toBeDefined();
    await expect(call('GetParameter', { Name: 'other' }, { as })).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});
