import type { VerificationPolicy } from '../contracts/verification.ts';
import type { DrillDates } from '../core/drill.ts';
import type { BackupRecord } from '#db/queries/backup.ts';
import type { EndedDrill } from '#db/queries/drill.ts';
import type { LogReadingRecord } from '#db/queries/log.ts';

/** What concerns every source. */
export interface InstallationFacts {
  readonly livingWorkers: number;
  readonly runbookReview: { readonly dueOn: string; readonly isOverdue: boolean };
  /** Their names. */
  readonly disabledSources: readonly string[];
  readonly enabledCount: number;
}

/** What is known of one source. */
export interface SourceFacts {
  readonly now: Date;
  readonly rpoHours: number;
  /** Where its own schedule is set; null where it follows the installation's. */
  readonly ownSchedulePage: string | null;
  readonly verification: VerificationPolicy;
  /**
   * The newest COMPLETED one of everything whose proof has not failed: a few tables, or a schema without rows, are no
   * restore point.
   */
  readonly newestGood: BackupRecord | null;
  /** The newest of everything whose proof stands. */
  readonly newestProven: BackupRecord | null;
  /** The newest of everything whose proof failed. */
  readonly newestProofFailed: BackupRecord | null;
  /** The oldest good one of everything that is newer than the newest proven, and was not proven. */
  readonly oldestUnproven: BackupRecord | null;
  /** A verification waits or runs. */
  readonly isVerifying: boolean;
  /** When the stored copy that was not read for longest was last read; null when there is none. */
  readonly oldestReadAt: Date | null;
  /** The newest that failed by itself. */
  readonly newestFailed: BackupRecord | null;
  /** The newest that a person cancelled. */
  readonly newestCancelled: BackupRecord | null;
  /** The newest due instant some worker settled; null when none has looked at the schedule yet. */
  readonly newestSettledDueAt: Date | null;
  readonly drills: {
    readonly dates: DrillDates;
    /** The newest that came to a verdict, and the newest that stayed UNKNOWN. */
    readonly judged: EndedDrill | null;
    readonly unknown: EndedDrill | null;
  };
  /** What a worker last saw of its kept log; null before the first look, undefined where it keeps none. */
  readonly log: LogReadingRecord | null | undefined;
}
