import { z } from 'zod';
import { RestoreId, RestoreMode } from './restore.ts';
import { RunError } from './backup.ts';

export const KEPT_KINDS = ['database', 'schema', 'path'] as const;

/** What a restore left: a database of its own, a schema in the database it went to, or a path of the worker's machine. */
export const KeptCopyName = z.strictObject({
  restoreId: RestoreId,
  kind: z.enum(KEPT_KINDS),
  /** As the restore's own row has it. */
  name: z.string().min(1).max(1100),
});
export type KeptCopyName = z.infer<typeof KeptCopyName>;

export const KeptCopy = z.object({
  ...KeptCopyName.shape,
  /** The database it is in: itself, or the one that holds the schema; of a path the path. */
  database: z.string(),
  mode: RestoreMode,
  /** What it holds: what was there before, what was restored, or the keys of rows that were added. */
  holds: z.enum(['before', 'restored', 'added']),
  /** When the restore was asked for that left it. */
  restoredAt: z.iso.datetime(),
  /** Null where the configured user may not look. */
  sizeBytes: z.number().nullable(),
  /** Clients of the database; 0 for a schema or a path. */
  connections: z.number(),
  /** What could not be asked for any more without it: the restore's undo, or another swap. */
  neededFor: z.enum(['undo', 'swap']).nullable(),
  /** The restore waits or runs: it cannot be dropped now. */
  isInUse: z.boolean(),
});
export type KeptCopy = z.infer<typeof KeptCopy>;

/** GET /api/v1/admin/restores/kept: what is really there, oldest first. */
export const KeptCopies = z.object({
  data: z.array(KeptCopy),
  /** Sources whose server could not be asked, with the reason: what restores left there is not in the list. */
  unreachable: z.array(z.object({ sourceId: z.uuid(), source: z.string(), error: RunError })),
});
export type KeptCopies = z.infer<typeof KeptCopies>;

/** POST /api/v1/admin/restores/kept/drop. */
export const DropKeptCopy = z.strictObject({
  ...KeptCopyName.shape,
  /** The name of it, typed. */
  confirm: z.string().max(1100),
  /** The restore's undo, or another swap, is given up with it. */
  givesUp: z.boolean().default(false),
});
export type DropKeptCopy = z.infer<typeof DropKeptCopy>;

export const DroppedCopy = z.object({ name: z.string(), message: z.string() });
export type DroppedCopy = z.infer<typeof DroppedCopy>;
