import { matching, section } from '../settings.ts';

const topic = matching(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, 'the ARN of a topic');

export const topicSection = section({ PLATFORM_TOPIC_ARN: topic, DIGEST_TOPIC_ARN: topic }, (env) => ({
  platform: env.PLATFORM_TOPIC_ARN,
  digest: env.DIGEST_TOPIC_ARN,
}));
