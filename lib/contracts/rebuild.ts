import { z } from 'zod';
import { SOURCE_KINDS } from '../core/source-kind.ts';
import { Destination, RunError } from './backup.ts';
import { SourceId } from './source.ts';

export const RebuildId = z.uuid();

/** POST /api/v1/admin/backup/rebuild. */
export const RebuildRequest = z.strictObject({
  /** Only look: tell what would be recorded, and change nothing. */
  dryRun: z.boolean().default(false),
});
export type RebuildRequest = z.input<typeof RebuildRequest>;

/** What was recorded of one source, or would be. */
const RebuiltSource = z.object({
  id: SourceId,
  name: z.string(),
  kind: z.enum(SOURCE_KINDS),
  /** That the history did not have. */
  backups: z.number(),
  /** Further copies of backups that it had. */
  copies: z.number(),
  /** Of the new backups, each counted once. */
  sizeBytes: z.number(),
  oldestAt: z.iso.datetime().nullable(),
  newestAt: z.iso.datetime().nullable(),
  /** How many of the new backups the next retention run would let go of, as things stand. */
  expiring: z.number(),
});

export const RebuildResult = z.object({
  /** Manifests at the destinations, one for each copy. */
  archives: z.number(),
  /** Those whose copy the catalogue had, or whose backup it must not take up again (deleted, failed). */
  known: z.number(),
  /** Only those for which there is something new. */
  sources: z.array(RebuiltSource),
  /** The first of what could not be recorded. */
  refused: z.array(z.object({ destination: Destination, key: z.string(), error: RunError })),
  refusedCount: z.number(),
  /** Destinations that could not be read to the end: there may be more. */
  unreachable: z.array(z.object({ destination: Destination, error: RunError })),
});
export type RebuildResult = z.infer<typeof RebuildResult>;

/** GET /api/v1/admin/backup/rebuild/:id. */
export const Rebuild = z.object({
  id: RebuildId,
  dryRun: z.boolean(),
  status: z.enum(['IN_PROGRESS', 'COMPLETED', 'FAILED']),
  requestedBy: z.string(),
  createdAt: z.iso.datetime(),
  progress: z.object({
    /** Manifests met so far. */
    archives: z.number(),
    /** Backups recorded so far. */
    recorded: z.number(),
  }),
  /** Of a COMPLETED one. */
  result: RebuildResult.nullable(),
  /** Why it FAILED; of one IN_PROGRESS, why nobody goes on with it now. */
  error: RunError.nullable(),
});
export type Rebuild = z.infer<typeof Rebuild>;

/** 202: a worker does it; ask for `id`. */
export const RebuildAccepted = z.object({ id: RebuildId, status: z.literal('IN_PROGRESS') });
export type RebuildAccepted = z.infer<typeof RebuildAccepted>;
