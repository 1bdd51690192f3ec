import { z } from 'zod';
import { Destination, RunError } from './backup.ts';

/** A base archive that is finished, and whose manifest is as it was written. */
export const LogBase = z.object({
  destination: Destination,
  key: z.string(),
  /** By the server's clock: the first instant that it can be brought back to. */
  endedAt: z.iso.datetime(),
  storedBytes: z.number().int().nonnegative(),
  isEncrypted: z.boolean(),
});
export type LogBase = z.infer<typeof LogBase>;

/** A stretch of time to any instant of which the server can be brought back, by restore-to-time.sh. */
export const LogStretch = z.object({
  /** The end of its oldest base archive, by the server's clock. */
  from: z.iso.datetime(),
  /** The last transaction in the kept log; null where there is none after the base archives, or nobody could read it. */
  until: z.iso.datetime().nullable(),
  /** The newest segment that leads there without a gap; null where none is kept that is newer than the base archives. */
  lastSegment: z.string().nullable(),
  /** The segment that is not there although later ones are: nothing after it can be reached from here. */
  missing: z.string().nullable(),
  /** From which it is reached, the newest first. */
  bases: z.array(LogBase).min(1),
});
export type LogStretch = z.infer<typeof LogStretch>;

/** What a worker saw of the write-ahead log that is kept of the environment's server, and of the base archives that it goes on from. */
export const LogReading = z.object({
  /** The newest first; none without a base archive. */
  stretches: z.array(LogStretch),
  /** Why what is written now may be lost to it, in words; null where nothing is wrong. */
  flaw: z.string().nullable(),
  /** After so long the server archives what it has, even where a segment is not full; 0: it waits until one is. */
  archiveTimeoutSeconds: z.number().int().nonnegative(),
});
export type LogReading = z.infer<typeof LogReading>;

/** GET /api/v1/admin/log. */
export const LogState = z.object({
  /** Whether this installation keeps the log at all (`BACKUP_WAL_PATH`). */
  isKept: z.boolean(),
  /** When a worker last looked; null before the first time. */
  readAt: z.iso.datetime().nullable(),
  /** Null where there is none, or it could not be read. */
  reading: LogReading.nullable(),
  /** Why the last look failed. */
  error: RunError.nullable(),
});
export type LogState = z.infer<typeof LogState>;
