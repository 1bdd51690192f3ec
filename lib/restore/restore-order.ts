import type { RestorePhase, RestorePlan } from '../contracts/restore.ts';
import type { Check, VerifyOrder } from '../contracts/verification.ts';
import type { RunContext } from '../core/run-context.ts';
import type { ArchivePlace } from '../verify/opened-archive.ts';

export type RestoreContext = Pick<RunContext, 'runId' | 'signal' | 'log' | 'clock'>;

export interface CopyOrder {
  /** The restore's id, which marks what it makes. */
  readonly id: string;
  readonly plan: RestorePlan;
  readonly place: Pick<ArchivePlace, 'destination' | 'key'>;
  readonly recorded: VerifyOrder['recorded'];
}

export interface CopyProgress {
  readonly phase: RestorePhase;
  readonly table: string | null;
  readonly tablesDone: number;
  readonly tableCount: number;
  /** Of the whole restore, 0 to 1. */
  readonly fraction: number;
}

/** What a run tells while it goes. */
export interface CopyPorts {
  moved(progress: CopyProgress): void;
  found(check: Check): void;
  say(line: string): void;
  /** Writes the name of a database down before it is made. Throws where that cannot be done: then it is not made. */
  noteCopy(database: string): Promise<void>;
}
