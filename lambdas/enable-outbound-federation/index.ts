import { systemClock } from '../adapters/clock.ts';
import { outboundFederation } from '../adapters/outbound-federation.ts';
import { answerStack } from '../adapters/stack-answer.ts';
import { serve } from '../serve.ts';
import { enableOutboundFederation } from './handler.ts';

/** Until a permission that IAM denies counts as missing. CloudFormation invokes right after the role was made. */
const PATIENCE_SECONDS = 30;

export const handler = serve('enable-outbound-federation', () =>
  enableOutboundFederation(
    { federation: outboundFederation(), answer: answerStack, clock: systemClock },
    { patienceSeconds: PATIENCE_SECONDS },
  ),
);
