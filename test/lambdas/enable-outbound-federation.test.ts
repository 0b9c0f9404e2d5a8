import { beforeEach, describe, expect, it } from 'vitest';
import { FactoryError } from '../../core/errors.ts';
import {
  enableOutboundFederation,
  type StackAnswer,
  type StackRequest,
} from '../../lambdas/enable-outbound-federation/handler.ts';

const ISSUER = 'https://c0ffee.tokens.sts.global.api.aws';
const ABOUT = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Resource' };
const PHYSICAL_ID = 'outbound-web-identity-federation';
const request = (RequestType: StackRequest['RequestType']): StackRequest => ({
  ...ABOUT,
  RequestType,
  ResponseURL: 'https://answer',
});

let now: number;
let enabled: number;
let answers: [string, StackAnswer][];
beforeEach(() => {
  [now, enabled, answers] = [0, 0, []];
});

/** `failures`: of the first attempts to enable. */
const handlerWith = (failures: readonly unknown[] = []) =>
  enableOutboundFederation(
    {
      federation: {
        enable: async () => {
          const failure = failures[enabled++];
          if (failure) throw failure;
        },
        issuer: async () => ISSUER,
      },
      answer: async (url, answer) => void answers.push([url, answer]),
      clock: {
        now: () => now,
        sleep: async (milliseconds) => {
          now += milliseconds;
        },
      },
    },
    { patienceSeconds: 30 },
  );

describe('the custom resource of outbound federation', () => {
  it.each(['Create', 'Update'] as const)('enables it on %s and answers with the issuer', async (type) => {
    expect(await handlerWith()(request(type))).toEqual({ outcome: 'SUCCESS' });
    expect(enabled).toBe(1);
    expect(answers).toEqual([
      [
        'https://answer',
        { ...ABOUT, PhysicalResourceId: PHYSICAL_ID, Status: 'SUCCESS', Data: { Issuer: ISSUER } },
      ],
    ]);
  });

  it('leaves it enabled on Delete, and asks IAM nothing', async () => {
    await handlerWith([new Error('not called')])(request('Delete'));
    expect(enabled).toBe(0);
    expect(answers).toEqual([
      ['https://answer', { ...ABOUT, PhysicalResourceId: PHYSICAL_ID, Status: 'SUCCESS' }],
    ]);
  });

  it('waits for what IAM has just been told', async () => {
    await handlerWith([new FactoryError('NotSettled'), new FactoryError('Throttled')])(request('Create'));
    expect(answers[0]?.[1].Status).toBe('SUCCESS');
    expect(now).toBeGreaterThan(0);
  });

  it.each([
    [
      'a denial that lasts',
      Array(100).fill(new FactoryError('NotSettled', 'Enable: 403')),
      'NotSettled: Enable: 403',
    ],
    ['a refusal', [new FactoryError('Unexpected', 'Enable: 400')], 'Unexpected: Enable: 400'],
    ['a fault', [new Error('secret text')], /^Unexpected: Unexpected error/],
  ])('answers to %s too, without text of others', async (_, failures, reason) => {
    expect(await handlerWith(failures)(request('Create'))).toEqual({ outcome: 'FAILED' });
    const [[, answer]] = answers as [[string, StackAnswer]];
    expect(answer).toMatchObject({ ...ABOUT, Status: 'FAILED', PhysicalResourceId: PHYSICAL_ID });
    expect(answer.Reason).toMatch(reason);
    expect(answer.Reason).not.toContain('secret text');
  });
});
