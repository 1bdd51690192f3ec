import type { Clock } from './clock.ts';

export interface Logger {
  debug(msg: string, fields?: object): void;
  info(msg: string, fields?: object): void;
  warn(msg: string, fields?: object): void;
  error(msg: string, fields?: object): void;
  child(fields: object): Logger;
}

export const PHASES = ['queued', 'preparing', 'dumping', 'uploading', 'reading-back', 'finishing'] as const;
export type Phase = (typeof PHASES)[number];

export interface ProgressUpdate {
  readonly phase: Phase;
  /** Bytes handled so far in this phase: plain bytes while dumping, stored bytes while uploading or reading back. */
  readonly bytes: number;
  /** An estimate while dumping, exact afterwards. */
  readonly totalBytes?: number | undefined;
}

/** All that a run may use of the outside; adapters reach for no globals. */
export interface RunContext {
  readonly runId: string;
  /** Aborted with an AppError (`cancelled`, `timeout`, `interrupted`) as its reason. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
  /** Private and empty; removed when the run ends, however it ends. */
  readonly workDir: string;
  progress(update: ProgressUpdate): void;
}
