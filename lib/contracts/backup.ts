import { z } from 'zod';
import { PHASES } from '../core/run-context.ts';
import { SOURCE_KINDS } from '../core/source-kind.ts';

/** Why a backup was taken and which retention rule speaks for it; one backup may carry several (DESIGN §1). */
export const TIERS = ['MANUAL', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;
export const Tier = z.enum(TIERS);
export type Tier = z.infer<typeof Tier>;

export const BACKUP_STATUSES = ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'EXPIRED', 'DELETED'] as const;
/** EXPIRED means: no longer wanted, its objects are being removed. DELETED means: the objects are gone. */
export const BackupStatus = z.enum(BACKUP_STATUSES);
export type BackupStatus = z.infer<typeof BackupStatus>;

export const DESTINATIONS = ['local', 's3'] as const;
export const Destination = z.enum(DESTINATIONS);
export type Destination = z.infer<typeof Destination>;

export const BackupId = z.uuid();

export const RunError = z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() });
export type RunError = z.infer<typeof RunError>;

export const PROOF_STATES = ['NEVER', 'PROVEN', 'FAILED'] as const;
/** What is known of a backup's use for a restore. FAILED stays until a verification at least as deep passes. */
export const ProofState = z.enum(PROOF_STATES);
export type ProofState = z.infer<typeof ProofState>;

export const Proof = z.object({
  state: ProofState,
  /** The last passed `restore`; kept when a later check fails. */
  provenAt: z.iso.datetime().nullable(),
  /** When a stored copy was last read and found to be what was written. */
  bytesFineAt: z.iso.datetime().nullable(),
  failedAt: z.iso.datetime().nullable(),
  /** What coming back took when it was last proven: fetched, decoded, restored, and every fact compared. */
  recoveryMs: z.number().nullable(),
  /** The newest verification, running ones too; null when there was none. */
  lastVerificationId: z.uuid().nullable(),
  /** Its status, and why it is not PASSED. */
  lastStatus: z.enum(['IN_PROGRESS', 'PASSED', 'FAILED', 'UNKNOWN']).nullable(),
  lastError: RunError.nullable(),
});
export type Proof = z.infer<typeof Proof>;

/** A table as the person types it: `name` or `schema.name`; no path, NUL, newline or half a character can pass. */
const tablePattern = /^[^\u0000-\u001f\u007f\ud800-\udfff/\\]{1,129}$/u;
export const TableName = z
  .string()
  .regex(tablePattern, 'must be a table name such as "items" or "sales.items"')
  .refine((name) => !name.includes('..'), 'must not contain ".."');

const Description = z
  .string()
  .trim()
  .max(500)
  .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f\ud800-\udfff]*$/u, 'must not contain control characters');

/** POST /api/v1/admin/backup/trigger (4-ims.md BR-007, widened by tables and schemaOnly). */
export const TriggerBackupRequest = z.strictObject({
  type: z.literal('MANUAL').optional(),
  /** Which source (contracts/source.ts); default the environment's own. */
  sourceId: z.uuid().optional(),
  /** Default: what BACKUP_STORAGE says. */
  uploadToS3: z.boolean().optional(),
  description: Description.optional(),
  tables: z.array(TableName).min(1).max(1000).optional(),
  schemaOnly: z.boolean().optional(),
});
export type TriggerBackupRequest = z.infer<typeof TriggerBackupRequest>;

export const TriggerBackupResponse = z.object({
  id: BackupId,
  status: z.literal('IN_PROGRESS'),
  message: z.string(),
});
export type TriggerBackupResponse = z.infer<typeof TriggerBackupResponse>;

export const SORT_FIELDS = ['createdAt', 'size', 'duration', 'type', 'status'] as const;

/** What PostgreSQL's timestamps, and ISO 8601 with four digits, can both say. */
const isInYears = (at: Date): boolean => at.getUTCFullYear() >= 1 && at.getUTCFullYear() <= 9998;
const instantOf = (read: (value: string) => Date) =>
  z.iso
    .datetime({ offset: true })
    .or(z.iso.date())
    .transform(read)
    .refine(isInYears, 'must be in the years 0001 to 9998');
/** `to=2026-11-21` means the whole of that day (UTC). */
const endOfRange = (value: string): Date =>
  value.includes('T') ? new Date(value) : new Date(`${value}T23:59:59.999Z`);

/** GET /api/v1/admin/backup/history. Instants are ISO 8601; a bare date counts in UTC, `to` inclusive. */
export const BackupHistoryQuery = z
  .strictObject({
    page: z.coerce.number().int().min(1).max(1_000_000).default(1),
    limit: z.coerce.number().int().min(1).max(200).default(20),
    type: Tier.optional(),
    status: BackupStatus.optional(),
    /** Among COMPLETED backups only. */
    proof: ProofState.optional(),
    /** Of this source alone; an id that is none finds nothing. */
    source: z.uuid().optional(),
    from: instantOf((value) => new Date(value)).optional(),
    to: instantOf(endOfRange).optional(),
    sort: z.enum(SORT_FIELDS).default('createdAt'),
    order: z.enum(['asc', 'desc']).default('desc'),
  })
  .refine((query) => !query.from || !query.to || query.from <= query.to, {
    path: ['from'],
    message: 'must not be after "to"',
  });
export type BackupHistoryQuery = z.infer<typeof BackupHistoryQuery>;

export const BackupProgress = z.object({
  phase: z.enum(PHASES),
  bytes: z.number(),
  /** An estimate while dumping; null when nothing is known. */
  totalBytes: z.number().nullable(),
  /** Of the whole run, 0 to 99, never falling. Null when nothing is known. */
  percent: z.number().nullable(),
  bytesPerSecond: z.number().nullable(),
  etaSeconds: z.number().nullable(),
  /** The worker's last sign of life for this backup; null while queued. */
  heartbeatAt: z.iso.datetime().nullable(),
  cancelRequested: z.boolean(),
});
export type BackupProgress = z.infer<typeof BackupProgress>;

export const COPY_STATUSES = ['WRITING', 'STORED', 'FAILED', 'REMOVED'] as const;
export const BackupCopy = z.object({
  destination: Destination,
  key: z.string(),
  status: z.enum(COPY_STATUSES),
  sizeBytes: z.number().nullable(),
  /** When size and SHA-256 were last read back from the destination. */
  checkedAt: z.iso.datetime().nullable(),
});
export type BackupCopy = z.infer<typeof BackupCopy>;

/** One row of the history: BR-007's fields, then what the page needs besides. */
export const BackupRow = z.object({
  id: BackupId,
  sourceId: z.uuid(),
  /** What people call the source (contracts/source.ts). */
  sourceName: z.string(),
  sourceKind: z.enum(SOURCE_KINDS),
  filename: z.string(),
  /** Stored bytes; 0 until known. */
  size: z.number(),
  sizeHuman: z.string(),
  /** The first of `tiers`. */
  type: Tier,
  storage: z.string(),
  status: BackupStatus,
  /** Whole seconds, as BR-003 says; `durationMs` is exact. */
  duration: z.number(),
  /** SHA-256 (hex) of the stored bytes; empty until known. */
  checksum: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  tiers: z.array(Tier).min(1),
  description: z.string().nullable(),
  tableCount: z.number().nullable(),
  durationMs: z.number().nullable(),
  isEncrypted: z.boolean(),
  requestedBy: z.string().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  /** Present while IN_PROGRESS. */
  progress: BackupProgress.nullable(),
  error: RunError.nullable(),
  proof: Proof,
});
export type BackupRow = z.infer<typeof BackupRow>;

/** Names, never a secret. */
export const SourceAddress = z.object({
  host: z.string(),
  port: z.number(),
  user: z.string(),
  database: z.string(),
});
export type SourceAddress = z.infer<typeof SourceAddress>;

/** GET /api/v1/admin/backup/:id. */
export const BackupDetail = BackupRow.extend({
  /** Where its source is now. */
  source: z.object({
    kind: z.enum(SOURCE_KINDS),
    /** For people. */
    place: z.string(),
    /** What it is called there: a database, a path, an address. */
    database: z.string(),
    /** Of a PostgreSQL source; null for others. */
    address: SourceAddress.nullable(),
  }),
  /** SHA-256 (hex) and size of what the dump wrote, before compression and encryption. */
  plainSize: z.number().nullable(),
  plainChecksum: z.string().nullable(),
  options: z.object({ tables: z.array(z.string()).nullable(), schemaOnly: z.boolean() }),
  copies: z.array(BackupCopy),
});
export type BackupDetail = z.infer<typeof BackupDetail>;

/** Of one source where the question names one; of all otherwise, whatever else it asks for. */
export const BackupSummary = z.object({
  /** COMPLETED backups. */
  totalBackups: z.number(),
  /** Their stored bytes. */
  totalSize: z.number(),
  lastSuccessful: z.iso.datetime().nullable(),
  lastFailed: z.iso.datetime().nullable(),
  /** The next of any enabled source; null when none of them is scheduled. */
  nextScheduled: z.iso.datetime().nullable(),
});
export type BackupSummary = z.infer<typeof BackupSummary>;

export const BackupHistoryResponse = z.object({
  data: z.array(BackupRow),
  meta: z.object({ total: z.number(), page: z.number(), limit: z.number() }),
  summary: BackupSummary,
});
export type BackupHistoryResponse = z.infer<typeof BackupHistoryResponse>;

/** GET /api/v1/admin/backup/:id/download. The link works for 15 minutes, without a session. */
export const DownloadResponse = z.object({
  url: z.string(),
  filename: z.string(),
  expiresAt: z.iso.datetime(),
});
export type DownloadResponse = z.infer<typeof DownloadResponse>;

/** DELETE /api/v1/admin/backup/:id and POST …/:id/cancel: accepted; the worker does it. */
export const BackupAccepted = z.object({ id: BackupId, status: BackupStatus, message: z.string() });
export type BackupAccepted = z.infer<typeof BackupAccepted>;
