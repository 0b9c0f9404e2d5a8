/** A custom resource of CloudFormation: outbound identity federation of the account, and its issuer. */
import { FactoryError, isFactoryError } from '../../core/errors.ts';
import type { Clock } from '../ports.ts';

/** The account's switch for tokens that AWS issues to the outside. */
export interface OutboundFederation {
  /** Already enabled is fine. */
  enable(): Promise<void>;
  issuer(): Promise<string>;
}

/** The parts of CloudFormation's request that matter. */
export interface StackRequest {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

export interface StackAnswer extends Pick<StackRequest, 'StackId' | 'RequestId' | 'LogicalResourceId'> {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly PhysicalResourceId: string;
  readonly Reason?: string;
  readonly Data?: { readonly Issuer: string };
}

interface Ports {
  readonly federation: OutboundFederation;
  readonly answer: (url: string, answer: StackAnswer) => Promise<void>;
  readonly clock: Clock;
}

/** There is one switch in an account: an id that never changes, so that CloudFormation never replaces it. */
const PHYSICAL_ID = 'outbound-web-identity-federation';
const PAUSE_MS = 2_000;

/** Without an answer CloudFormation would wait until its own timeout: a failure is an answer too. */
export const enableOutboundFederation =
  ({ federation, answer, clock }: Ports, { patienceSeconds }: { readonly patienceSeconds: number }) =>
  async (request: StackRequest): Promise<{ outcome: StackAnswer['Status'] }> => {
    const { RequestType, ResponseURL, StackId, RequestId, LogicalResourceId } = request;
    const result =
      // Others in the account may depend on it by then: it stays.
      RequestType === 'Delete' ? ({ Status: 'SUCCESS' } as const) : await enabled();
    const about = { StackId, RequestId, LogicalResourceId, PhysicalResourceId: PHYSICAL_ID };
    await answer(ResponseURL, { ...about, ...result });
    return { outcome: result.Status };

    async function enabled(): Promise<Pick<StackAnswer, 'Status' | 'Reason' | 'Data'>> {
      const deadline = clock.now() + patienceSeconds * 1000;
      for (;;) {
        try {
          await federation.enable();
          return { Status: 'SUCCESS', Data: { Issuer: await federation.issuer() } };
        } catch (error) {
          const { code, message, retryable } = isFactoryError(error) ? error : new FactoryError('Unexpected');
          if (retryable && clock.now() < deadline) await clock.sleep(PAUSE_MS);
          else return { Status: 'FAILED', Reason: `${code}: ${message}` };
        }
      }
    }
  };
