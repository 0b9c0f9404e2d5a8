/** SNS's Publish, signed here: the SDK's client is not among the project's packages, for this one POST. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PARTITIONS, partitionOfRegion } from '../../core/issuer.ts';
import type { NotifyPorts } from '../notify-team/ports.ts';
import { calling, type ErrorTable } from './aws-errors.ts';
import { signedPost } from './signed-post.ts';

export interface SnsTopicsOptions {
  readonly arns: Readonly<Record<'platform' | 'digest', string>>;
  /** Its credentials, region and connections serve SNS too. */
  readonly client: DynamoDBClient;
  /** Where AWS_ENDPOINT_URL_SNS and AWS_ENDPOINT_URL count, as they do for the SDK's clients. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const ERRORS: ErrorTable = { NotFound: 'InvalidSettings', AuthorizationError: 'InvalidSettings' };

export function snsTopics({ arns, client, env }: SnsTopicsOptions): NotifyPorts['topics'] {
  return {
    publish: (topic, { subject, text }) =>
      calling(`Publish to ${topic}`, ERRORS, async () => {
        const region = await client.config.region();
        const endpoint =
          env.AWS_ENDPOINT_URL_SNS ??
          env.AWS_ENDPOINT_URL ??
          `https://sns.${region}.${PARTITIONS[partitionOfRegion(region)].dnsSuffix}`;
        const form = new URLSearchParams({
          Action: 'Publish',
          Version: '2010-03-31',
          TopicArn: arns[topic],
          Subject: subject,
          Message: text,
        });
        const { credentials, requestHandler } = client.config;
        const { status, text: answer } = await signedPost(
          { service: 'sns', region, credentials, requestHandler },
          new URL(endpoint),
          'application/x-www-form-urlencoded',
          form.toString(),
        );
        if (status === 200) return;
        const name = /<Code>(\w{1,64})<\/Code>/.exec(answer)?.[1] ?? '';
        throw Object.assign(new Error('SNS refuses'), {
          name,
          $metadata: { httpStatusCode: status },
        });
      }),
  };
}
