import type { LogsService } from '../aws/logs.ts';
import type { Caller, ServiceId } from '../cloud.ts';
import type { Fields } from '../fields.ts';
import type { Created } from './intrinsics.ts';
import type { StackResponses } from './responses.ts';

/** CloudWatch Logs is not behind `Cloud.invoke`. */
export type LogGroups = Pick<LogsService, 'createLogGroup' | 'deleteLogGroup' | 'putRetentionPolicy'>;

export interface CreationContext {
  readonly logs: LogGroups;
  readonly responses: StackResponses;
  readonly stackId: string;
  readonly logicalId: string;
  /** Who deploys, through CloudFormation. */
  readonly as: Caller;
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  /** A name as CloudFormation gives one where the template has none, at most `max` long. */
  physicalName(max: number): string;
  /** A call to a service, as whoever deploys. */
  invoke<Output>(service: ServiceId, operation: string, input: object): Promise<Output>;
  /** The local folder of an asset by its place in S3. */
  assetFolder(bucket: string, key: string): string | undefined;
}

/**
 * Reads every property that it honours or knowingly leaves without effect, and answers what creates the resource. A
 * property that it has not read by then is refused, before anything is created.
 */
export type Creator = (properties: Fields, context: CreationContext) => () => Promise<Created>;

/** Members that have a value: what an API takes. */
export function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Reads the named properties as they are, for an API that takes them under the same names. */
export const copied = (properties: Fields, names: readonly string[]): Record<string, unknown> =>
  present(Object.fromEntries(names.map((name) => [name, properties.optional(name, 'any')])));

/** A policy document as the APIs take it: text. */
export const policyText = (document: unknown): string =>
  typeof document === 'string' ? document : JSON.stringify(document);
