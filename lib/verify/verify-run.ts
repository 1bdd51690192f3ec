import type { VerifyOrder } from '../contracts/verification.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Config } from '../platform/config.ts';
import type { Storage } from '../storage/storage.ts';
import type { Findings } from './findings.ts';
import type { VerifyProgress } from './verify-progress.ts';

export type VerifyContext = Pick<RunContext, 'runId' | 'signal' | 'log' | 'clock'>;

/** One verification on its way; what its steps share. */
export interface VerifyRun {
  readonly config: Config;
  readonly order: VerifyOrder;
  readonly storage: Storage;
  readonly findings: Findings;
  readonly progress: VerifyProgress;
  /** Private to this verification, under BACKUP_VERIFY_DIR; made when it is needed, and gone with it. */
  readonly folder: string;
  readonly ctx: VerifyContext;
  say(line: string): void;
}
