/** SNS's Publish, signed here: the SDK's client is not among the project's packages, for this one POST. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import { PARTITIONS, partitionOfRegion } from '../../core/issuer.ts';
import type { NotifyPorts } from '../notify-team/ports.ts';
import { calling, type ErrorTable } from './aws-errors.ts';

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
        const { credentials } = client.config;
        const signer = new SignatureV4({ service: 'sns', region, credentials, sha256: Sha256 });
        const request = await signer.sign(post(new URL(endpoint), form.toString()));
        const { response } = await client.config.requestHandler.handle(request as HttpRequest);
        const answer = await bodyOf(response.body);
        if (response.statusCode === 200) return;
        const name = /<Code>(\w{1,64})<\/Code>/.exec(answer)?.[1] ?? '';
        throw Object.assign(new Error('SNS refuses'), {
          name,
          $metadata: { httpStatusCode: response.statusCode },
        });
      }),
  };
}

const post = ({ protocol, hostname, port, host }: URL, body: string): HttpRequest =>
  new HttpRequest({
    method: 'POST',
    protocol,
    hostname,
    ...(port !== '' && { port: Number(port) }),
    path: '/',
    headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });

async function bodyOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
