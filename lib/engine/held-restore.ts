import type { RestorePhase } from '../contracts/restore.ts';
import type { Check } from '../contracts/verification.ts';
import type { CopyProgress, RestoreContext } from '../restore/restore-order.ts';
import type { noteDatabases, RestoreRecord } from '#db/queries/restore.ts';
import type { EngineDeps } from './deps.ts';

/** One restore that a worker holds, and what its steps share. */
export interface HeldRestore {
  readonly deps: EngineDeps;
  readonly run: RestoreRecord;
  readonly ctx: RestoreContext;
  readonly say: (line: string) => void;
  readonly moved: (progress: CopyProgress) => void;
  /** A phase of which nothing is measured. */
  readonly enter: (phase: RestorePhase) => void;
  /** Adds to the report; one of the same name is replaced. */
  readonly found: (check: Check) => void;
  /** Takes those whose name begins like this out of the report. */
  readonly forget: (start: string) => void;
  /** The report so far. */
  readonly checks: readonly Check[];
  /** Writes down what is about to happen, and the report so far. Throws where the restore is no longer this worker's. */
  readonly note: (names: Parameters<typeof noteDatabases>[3]) => Promise<void>;
}
