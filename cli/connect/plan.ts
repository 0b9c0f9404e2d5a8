/** What connecting a workload to a role consists of, for one kind of place where workloads run. */
import type { Connection } from '../../core/connection.ts';

/** A connection with everything else that snippets name. */
export interface Facts extends Connection {
  /** What the profile is called: the role's name. */
  readonly profile: string;
  readonly region: string;
  /** Of Entra, STS and Azure's metadata service: the clouds' own, or where the environment aims the SDKs. */
  readonly endpoints: { readonly authority: string; readonly sts: string; readonly metadata: string };
  /** What the token of a platform must have as `aud` to be a login in this cloud. */
  readonly assertionAudience: string;
  /** The role's trust policy with {@link OBJECT_ID} as only subject. */
  readonly trustPolicy: string;
}

/** Stands where the reader puts the object id of a principal. */
export const OBJECT_ID = 'OBJECT_ID';

export interface Plan {
  readonly steps: readonly Step[];
  /** To be created on the role's application; angle brackets hold what only the reader knows. */
  readonly federatedCredential?: FederatedCredential;
  /** Where AWS can trust the system itself: why that is simpler, and how. */
  readonly direct?: string;
}

export interface Step {
  readonly title: string;
  readonly text?: string;
  readonly snippets?: readonly Snippet[];
}

export interface Snippet {
  /** The field of the JSON answer. */
  readonly name:
    | 'objectId'
    | 'trust'
    | 'federation'
    | 'login'
    | 'manifest'
    | 'workflow'
    | 'profile'
    | 'cli'
    | 'boto3'
    | 'sdk'
    | 'curl';
  /** What it is, and where it goes. */
  readonly what: string;
  readonly content: string;
}

/** As Graph takes it. */
export interface FederatedCredential {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly [string];
}
