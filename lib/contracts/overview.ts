import { z } from 'zod';
import { SOURCE_KINDS } from '../core/source-kind.ts';
import { BackupRow, BackupSummary } from './backup.ts';
import { SourceId } from './source.ts';

const SourceName = z.object({ id: SourceId, name: z.string() });

export const CHECK_STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
/** One health rule; never OK because it did not run. */
export const HealthCheck = z.object({
  name: z.string(),
  state: z.enum(CHECK_STATES),
  detail: z.string(),
  /** The source it speaks of, where there are several; null for what concerns them all. */
  source: SourceName.nullable(),
  /** What to do about it; absent when OK. */
  action: z.object({ label: z.string(), href: z.string() }).nullable(),
});
export type HealthCheck = z.infer<typeof HealthCheck>;

const restorePoints = {
  /** The newest COMPLETED backup of the whole database, its bytes read back and no verification failed; null when there is none. */
  newestGood: BackupRow.nullable(),
  /** Its age when this answer was made, by the catalogue's clock. */
  newestGoodAgeSeconds: z.number().nullable(),
  /** The newest COMPLETED backup of the whole database whose proof stands; null when there is none. */
  newestProven: BackupRow.nullable(),
  /** The age of its data, when this answer was made. */
  newestProvenAgeSeconds: z.number().nullable(),
};

export const OverviewSource = SourceName.extend({
  kind: z.enum(SOURCE_KINDS),
  ...restorePoints,
  /** The worst of its checks and of its restore points' ages; null where it is disabled and so not judged. */
  state: z.enum(CHECK_STATES).nullable(),
  nextScheduled: z.iso.datetime().nullable(),
});
export type OverviewSource = z.infer<typeof OverviewSource>;

/** GET /api/v1/overview?source=: of one source, or of all. */
export const OverviewQuery = z.strictObject({ source: SourceId.optional() });
export type OverviewQuery = z.infer<typeof OverviewQuery>;

/** Are we safe, since when, what is wrong, what next. For every signed-in person. */
export const Overview = z.object({
  /** Whose restore points the next four are: the one asked for, else the worst off of those that are enabled. */
  source: SourceName,
  ...restorePoints,
  /** Every source, the environment's first, whatever was asked for. */
  sources: z.array(OverviewSource).min(1),
  /** A verification that runs or waits now; null when there is none. */
  verifying: z
    .object({ id: z.uuid(), backupId: z.uuid(), depth: z.enum(['bytes', 'archive', 'restore']) })
    .nullable(),
  running: z.array(BackupRow),
  /** Of the source asked for, or of every enabled one, then what concerns them all. */
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
