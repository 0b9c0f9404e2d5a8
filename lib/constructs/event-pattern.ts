import type { EventPattern } from 'aws-cdk-lib/aws-events';

interface Pattern {
  readonly source: string[];
  readonly 'detail-type': string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A pattern of core/event-patterns.ts, which has EventBridge's own names, as CDK takes it. */
export const eventPattern = ({ source, 'detail-type': detailType, detail }: Pattern): EventPattern => ({
  source,
  detailType,
  detail,
});
