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
  /** Throws where the restore is no longer this worker's. */
  readonly note: (names: Parameters<typeof noteDatabases>[3]) => Promise<void>;
}
