import { z } from 'zod';
import { BackupId, BackupStatus } from './backup.ts';
import { ENVIRONMENT_SOURCE_ID, SourceId } from './source.ts';

/** Tables of one name in two databases have nothing to do with each other: one source at a time. */
const ofSource = { source: SourceId.default(ENVIRONMENT_SOURCE_ID) };
export const TablesQuery = z.strictObject(ofSource);
export type TablesQuery = z.infer<typeof TablesQuery>;

/** GET /api/v1/admin/tables: every table some backup of the source tells of, by name. */
export const TableList = z.object({
  data: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      /** In the newest backup that has it. */
      rows: z.number().nullable(),
      lastSeenAt: z.iso.datetime(),
      /** False when the newest whole backup has no such table any more. */
      isInNewest: z.boolean(),
    }),
  ),
});
export type TableList = z.infer<typeof TableList>;

/** `name` or `schema.name`, each of at most 63 bytes; any character PostgreSQL takes in a name. */
export const TimelineTable = z
  .string()
  .min(1)
  .max(127)
  .regex(/^[^\u0000\ud800-\udfff]*$/u, 'must be a table name such as "items" or "sales.items"');

/** GET /api/v1/admin/tables/:name/timeline. `:name` is `name` or `schema.name`. */
export const TimelineQuery = z.strictObject({
  ...ofSource,
  /** A fall of more than this many percent is marked. */
  dropPercent: z.coerce.number().min(0).max(100).default(20),
  limit: z.coerce.number().int().min(1).max(2000).default(500),
});
export type TimelineQuery = z.infer<typeof TimelineQuery>;

export const TimelinePoint = z.object({
  backupId: BackupId,
  filename: z.string(),
  takenAt: z.iso.datetime(),
  status: BackupStatus,
  /** Null when that backup does not know. */
  rows: z.number().nullable(),
  /** The same as another backup's: the same rows. A different one may be of another version, which the manifest tells. */
  fingerprint: z.string().nullable(),
  bytes: z.number().nullable(),
  isProven: z.boolean(),
  /** Against the known count before it; null for the first. */
  changePercent: z.number().nullable(),
  /** It fell by more than `dropPercent`. */
  isDrop: z.boolean(),
});
export type TimelinePoint = z.infer<typeof TimelinePoint>;

export const TableTimeline = z.object({
  schema: z.string(),
  name: z.string(),
  dropPercent: z.number(),
  /** Oldest first; whole backups only. A backup that lacked the table has no point. */
  points: z.array(TimelinePoint),
});
export type TableTimeline = z.infer<typeof TableTimeline>;
