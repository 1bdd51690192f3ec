import { z } from 'zod';
import { BackupRow, BackupSummary } from './backup.ts';

export const CHECK_STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
/** One health rule; never OK because it did not run. */
export const HealthCheck = z.object({
  name: z.string(),
  state: z.enum(CHECK_STATES),
  detail: z.string(),
  /** What to do about it; absent when OK. */
  action: z.object({ label: z.string(), href: z.string() }).nullable(),
});
export type HealthCheck = z.infer<typeof HealthCheck>;

/** GET /api/v1/overview: are we safe, since when, what is wrong, what next. For every signed-in person. */
export const Overview = z.object({
  /** The newest COMPLETED backup of the whole database, its bytes read back and no verification failed; null when there is none. */
  newestGood: BackupRow.nullable(),
  /** Its age when this answer was made, by the catalogue's clock. */
  newestGoodAgeSeconds: z.number().nullable(),
  /** The newest COMPLETED backup of the whole database whose proof stands; null when there is none. */
  newestProven: BackupRow.nullable(),
  /** The age of its data, when this answer was made. */
  newestProvenAgeSeconds: z.number().nullable(),
  /** A verification that runs or waits now; null when there is none. */
  verifying: z
    .object({ id: z.uuid(), backupId: z.uuid(), depth: z.enum(['bytes', 'archive', 'restore']) })
    .nullable(),
  running: z.array(BackupRow),
  checks: z.array(HealthCheck),
  summary: BackupSummary,
  rpoHours: z.number(),
  rtoMinutes: z.number(),
  /** The newest backups, newest first, at most 30: for a strip of recent days. */
  recent: z.array(BackupRow),
});
export type Overview = z.infer<typeof Overview>;

/** GET /api/health/ready. 200 only when both are ok. */
export const Ready = z.object({
  status: z.enum(['ready', 'not-ready']),
  database: z.enum(['ok', 'down']),
  worker: z.enum(['ok', 'absent', 'unknown']),
});
export type Ready = z.infer<typeof Ready>;
