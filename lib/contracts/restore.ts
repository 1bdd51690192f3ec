import { z } from 'zod';
import { SOURCE_KINDS } from '../core/source-kind.ts';
import { BackupId, Destination, RunError, TableName } from './backup.ts';
import { AbsolutePath, RelativePath } from './path.ts';
import { Check } from './verification.ts';

/**
 * `new`: into a new database, nothing at risk. `swap`: a new database, proven, then exchanged for the live one, which is
 * kept. `in-place`: `pg_restore --clean --if-exists` over the live one, after a safety backup. `tables`: chosen tables only.
 */
export const RESTORE_MODES = ['new', 'swap', 'in-place', 'tables'] as const;
export const RestoreMode = z.enum(RESTORE_MODES);
export type RestoreMode = z.infer<typeof RestoreMode>;

/**
 * How chosen tables come back: into a schema of their own to look at; in place of the live rows, which are kept in another schema; or
 * only the rows whose key is not there. The latter two in one transaction, all tables or none.
 */
export const TABLES_INTO = ['side-schema', 'replace', 'append'] as const;
export const TablesInto = z.enum(TABLES_INTO);
export type TablesInto = z.infer<typeof TablesInto>;

export const ENVIRONMENTS = ['production', 'staging', 'development'] as const;
export const EnvironmentKind = z.enum(ENVIRONMENTS);
export type EnvironmentKind = z.infer<typeof EnvironmentKind>;

/** What PostgreSQL takes as a name without cutting it: 1 to 63 bytes of UTF-8. */
export const DatabaseName = z
  .string()
  .min(1)
  .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, 'must not contain control characters')
  .refine((name) => new TextEncoder().encode(name).length <= 63, 'must have at most 63 bytes');

/** A service refuses a database of such a name. */
export const isPathTarget = (target: string): boolean => target.startsWith('/');

const planFields = {
  mode: RestoreMode.default('new'),
  /** The target: a database; of a backup of files, SQLite or Redis the absolute path, with the modes `new` and `swap` alone. */
  targetDatabase: z.union([DatabaseName, AbsolutePath]),
  /** Which copy is read; default the first stored one. */
  destination: Destination.optional(),
  tables: z.array(TableName).min(1).max(1000).optional(),
  /** Of files: only these entries, by their paths below the source's. Default all that the backup has. */
  paths: z.array(RelativePath).min(1).max(1000).optional(),
  /** Mode `tables` only. */
  tablesInto: TablesInto.optional(),
  schemaOnly: z.boolean().default(false),
  dataOnly: z.boolean().default(false),
  /** Without owners and grants: everything belongs to the user that restores. */
  noOwner: z.boolean().default(false),
  /** Mode `swap` only: once the copy is proven it waits for POST …/swap, so that people can look at it first. */
  pauseBeforeSwap: z.boolean().default(false),
  /** Names of commands that the server's own file holds, never commands themselves; they run in the order of that file. */
  hooks: z.array(z.string().min(1).max(100)).max(20).default([]),
};

function rules(
  plan: Readonly<{
    mode: RestoreMode;
    tables?: unknown;
    tablesInto?: unknown;
    schemaOnly: boolean;
    dataOnly: boolean;
    pauseBeforeSwap: boolean;
  }>,
  ctx: z.RefinementCtx,
): void {
  const refuse = (field: string, message: string) => {
    ctx.addIssue({ code: 'custom', path: [field], message });
  };
  const isTables = plan.mode === 'tables';
  if (isTables !== (plan.tables !== undefined))
    refuse('tables', 'must be given for mode "tables", and for no other');
  if (isTables !== (plan.tablesInto !== undefined))
    refuse('tablesInto', 'must be given for mode "tables", and for no other');
  if (isTables && (plan.schemaOnly || plan.dataOnly))
    refuse(plan.schemaOnly ? 'schemaOnly' : 'dataOnly', 'must not be given for mode "tables"');
  if (plan.schemaOnly && plan.dataOnly) refuse('dataOnly', 'must not be given together with schemaOnly');
  if (plan.mode === 'swap' && (plan.schemaOnly || plan.dataOnly))
    refuse('mode', '"swap" needs the whole backup: without schemaOnly and dataOnly');
  if (plan.mode === 'new' && plan.dataOnly) refuse('dataOnly', 'must not be given for mode "new"');
  if (plan.mode !== 'swap' && plan.pauseBeforeSwap)
    refuse('pauseBeforeSwap', 'must be given for mode "swap" only');
}

/** POST /api/v1/admin/backup/:id/restore/preview. */
export const RestorePlan = z.strictObject(planFields).superRefine(rules);
export type RestorePlan = z.infer<typeof RestorePlan>;

/** POST /api/v1/admin/backup/:id/restore: the plan, and that a person meant it. */
export const RestoreRequest = z
  .strictObject({
    ...planFields,
    /** The name of the target, typed. */
    confirm: z.string().max(1000),
    /** Needed where the target is marked production. */
    reason: z.string().trim().max(500).optional(),
  })
  .superRefine(rules);
export type RestoreRequest = z.infer<typeof RestoreRequest>;

export const PREVIEW_STATES = ['OK', 'WARNING', 'BLOCKED', 'UNKNOWN'] as const;
export const RestorePreview = z.object({
  /** Nothing is BLOCKED. */
  canStart: z.boolean(),
  environment: EnvironmentKind,
  needsReason: z.boolean(),
  /** One line each: what will be there, what will have gone, what is kept. */
  creates: z.array(z.string()),
  replaces: z.array(z.string()),
  drops: z.array(z.string()),
  keeps: z.array(z.string()),
  sizeBytes: z.number().nullable(),
  /** From measured rates of this installation; null when none was measured. */
  estimatedSeconds: z.number().nullable(),
  findings: z.array(
    z.object({
      name: z.string(),
      state: z.enum(PREVIEW_STATES),
      detail: z.string(),
      hint: z.string().nullable(),
    }),
  ),
});
export type RestorePreview = z.infer<typeof RestorePreview>;

export const RESTORE_PHASES = [
  'queued',
  'preparing',
  'safety-backup',
  'decoding',
  'restoring',
  'comparing',
  /** A proven copy waits: to be looked at, and then swapped in or given up. */
  'ready',
  'hooks',
  'swapping',
  'finishing',
] as const;
export const RestorePhase = z.enum(RESTORE_PHASES);
export type RestorePhase = z.infer<typeof RestorePhase>;

export const RESTORE_STATUSES = ['IN_PROGRESS', 'COMPLETED', 'FAILED'] as const;
export const RestoreStatus = z.enum(RESTORE_STATUSES);
export type RestoreStatus = z.infer<typeof RestoreStatus>;

export const RestoreId = z.uuid();

/** The report's line of the backup that was taken before, its id at the end and its file name as what was found. */
export const SAFETY_BACKUP_CHECK = 'safety-backup:';

/** GET /api/v1/admin/restores/:id: progress while it runs, and a report that stays. */
export const Restore = z.object({
  id: RestoreId,
  backupId: BackupId,
  /** Whose server it goes to: the source of the backup. */
  sourceId: z.uuid(),
  backupFilename: z.string(),
  /** Of the source of the backup. */
  sourceKind: z.enum(SOURCE_KINDS),
  mode: RestoreMode,
  /** A database, or the path of a backup of files, SQLite or Redis; so are the names of copies and of what is kept. */
  targetDatabase: z.string(),
  environment: EnvironmentKind,
  status: RestoreStatus,
  plan: RestorePlan,
  reason: z.string().nullable(),
  requestedBy: z.string(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  durationMs: z.number().nullable(),
  /** What pg_restore took. */
  restoreMs: z.number().nullable(),
  /** The restored copy where it is a database of its own; null before it exists, and once it was swapped in. */
  copyDatabase: z.string().nullable(),
  progress: z
    .object({
      phase: RestorePhase,
      /** The table that is being filled. */
      table: z.string().nullable(),
      tablesDone: z.number(),
      tableCount: z.number(),
      percent: z.number(),
      etaSeconds: z.number().nullable(),
      cancelRequested: z.boolean(),
    })
    .nullable(),
  /** The comparison of the proof. */
  checks: z.array(Check),
  /** Every fact agreed. */
  proven: z.boolean(),
  /** Mode `swap`: the copy is there and waits for POST …/swap, for the first time or again after an undo. */
  canSwap: z.boolean(),
  swap: z
    .object({
      /** Where the database that was live is now. */
      keptDatabase: z.string(),
      swappedAt: z.iso.datetime(),
      /** From when connections were refused to the first that could be made again; null when the worker died in between. */
      interruptionMs: z.number().nullable(),
      undoneAt: z.iso.datetime().nullable(),
      /** The kept database is still there, so that undo can be asked for. */
      canUndo: z.boolean(),
    })
    .nullable(),
  /** What was taken of the target before anything was touched: restoring it is the way back. */
  safetyBackup: z.object({ id: BackupId, filename: z.string() }).nullable(),
  /**
   * Mode `tables`, once it is done: the schema of the target with the tables as the backup has them, with the rows that were
   * replaced, or with the keys of those that were added; after an undo, with the rows that were restored. Nobody drops it by itself.
   */
  sideSchema: z.string().nullable(),
  /** Mode `tables` with `replace`, once it is done: the rows from before can be put back. */
  tablesUndo: z
    .object({
      /** The schema with the rows from before is still there, so that undo can be asked for. */
      canUndo: z.boolean(),
      undoneAt: z.iso.datetime().nullable(),
      /** Tables in which rows were written since, as the last undo found; it changed nothing then. Empty where none was asked for. */
      changed: z.array(z.object({ table: z.string(), left: z.string(), now: z.string() })),
    })
    .nullable(),
  error: RunError.nullable(),
  log: z.string(),
});
export type Restore = z.infer<typeof Restore>;

/** GET /api/v1/admin/restores: newest first. */
export const RestoreList = z.object({ data: z.array(Restore.omit({ checks: true, log: true })) });
export type RestoreList = z.infer<typeof RestoreList>;

/** The report's line of a live table that was not as the restore left it when it was to be undone. */
export const CHANGED_CHECK = 'changed:';

/** POST /api/v1/admin/restores/:id/swap of one that is `ready`. */
export const ExchangeRequest = z.strictObject({
  /** The name of the target, typed. */
  confirm: z.string().max(1000),
});
export type ExchangeRequest = z.infer<typeof ExchangeRequest>;

/** POST /api/v1/admin/restores/:id/undo of one that was swapped in, or that replaced the rows of tables. */
export const UndoRequest = z.strictObject({
  ...ExchangeRequest.shape,
  /** Needed for tables where the target is marked production. */
  reason: z.string().trim().max(500).optional(),
  /** Tables only: what was written since the restore leaves the live tables too, and is kept, instead of stopping the undo. */
  acceptsChanges: z.boolean().default(false),
});
export type UndoRequest = z.infer<typeof UndoRequest>;

/** GET /api/v1/admin/restores/:id/look. */
export const RestoreLookQuery = z
  .strictObject({ schema: z.string().min(1).max(63), table: z.string().min(1).max(63) })
  .partial()
  .refine(({ schema, table }) => (schema === undefined) === (table === undefined), {
    path: ['table'],
    message: 'must be given together with schema',
  });
export type RestoreLookQuery = z.infer<typeof RestoreLookQuery>;

/** The restored copy, read-only, beside the live database. */
export const RestoreLook = z.object({
  /** Where the restored copy stands now: a database, or a path. */
  database: z.string(),
  /** What it would replace, or has replaced; null where there is nothing to set it beside. */
  liveDatabase: z.string().nullable(),
  tables: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      /** Exact; null where there is no such table there, or counting took too long. */
      rows: z.number().nullable(),
      liveRows: z.number().nullable(),
    }),
  ),
  /**
   * Of a backup of files: how the copy differs from what it would replace, or has replaced. Names below the target and never contents, which
   * may be secrets; at most 200 each. Null where there is nothing to set it beside.
   */
  files: z
    .object({
      added: z.array(z.string()),
      removed: z.array(z.string()),
      changed: z.array(z.string()),
      /** There are more. */
      isCut: z.boolean(),
    })
    .nullable()
    .optional(),
  /** The first rows of the table that was asked for, every value as text and cut to 200 characters. */
  sample: z
    .object({
      schema: z.string(),
      name: z.string(),
      columns: z.array(z.string()),
      rows: z.array(z.array(z.string().nullable())),
    })
    .nullable(),
});
export type RestoreLook = z.infer<typeof RestoreLook>;

export const RestoreAccepted = z.object({ id: RestoreId, status: RestoreStatus, message: z.string() });
export type RestoreAccepted = z.infer<typeof RestoreAccepted>;
