import type { ControlDocument } from '../../core/control.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { FailedRun, Notice } from '../../core/notices.ts';
import type { Clock, Telemetry } from '../ports.ts';

/** The whole ledger, at a glance. */
export interface LedgerOverview {
  readonly control: ControlDocument;
  readonly entries: readonly LedgerEntry[];
}

export interface NotifyPorts {
  readonly ledger: {
    /** What is known of the role of a run; undefined where the run is about none, or nothing is known. */
    about(run: FailedRun): Promise<LedgerEntry | undefined>;
    /** Reads the table once, page by page: for what happens once an hour, and at most a few megabytes. */
    overview(): Promise<LedgerOverview>;
  };
  readonly topics: {
    publish(topic: 'platform' | 'digest', notice: Notice): Promise<void>;
  };
  readonly clock: Pick<Clock, 'now'>;
  readonly telemetry: Telemetry;
}
