import { z } from 'zod';
import { BackupId, Destination, RunError } from './backup.ts';
import { ByteCount } from './manifest.ts';

/** `bytes` re-reads and hashes, `archive` decodes to the end, `restore` restores and compares. Each includes the ones before. */
export const DEPTHS = ['bytes', 'archive', 'restore'] as const;
export const Depth = z.enum(DEPTHS);
export type Depth = z.infer<typeof Depth>;

export const VERDICTS = ['PASSED', 'FAILED', 'UNKNOWN'] as const;
export const Verdict = z.enum(VERDICTS);
export type Verdict = z.infer<typeof Verdict>;

/** IN_PROGRESS includes waiting for a turn. UNKNOWN: nothing was found wrong, but what was asked could not be shown. */
export const VERIFICATION_STATUSES = ['IN_PROGRESS', ...VERDICTS] as const;
export const VerificationStatus = z.enum(VERIFICATION_STATUSES);
export type VerificationStatus = z.infer<typeof VerificationStatus>;

/** One thing that was looked at. Never PASSED because it did not run. */
export const Check = z.object({
  /** `kind`, or `kind:subject` where there are many of a kind: `sha256`, `rows:public.items`. */
  name: z.string(),
  verdict: Verdict,
  /** Where false, UNKNOWN does not keep the backup from being proven. FAILED always does. */
  isRequired: z.boolean(),
  /** What the manifest, the catalogue or the policy says. */
  expected: z.string().nullable(),
  found: z.string().nullable(),
  /** Why it failed or is UNKNOWN, in words; null when PASSED. */
  reason: z.string().nullable(),
  durationMs: z.number().int().nonnegative(),
});
export type Check = z.infer<typeof Check>;

export const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='] as const;
/** A rule of the application's own that a restored copy must obey: "orphaned bins = 0". */
export const SqlCheck = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff:]*$/u, 'must be one line without ":"'),
  /** One statement that gives one row with one number. Runs read-only, as a role that may read every table. */
  sql: z.string().trim().min(1).max(10_000),
  comparison: z.enum(COMPARISONS),
  value: z.number(),
  /** `critical` must pass for a proof; `warning` is reported. */
  severity: z.enum(['critical', 'warning']),
});
export type SqlCheck = z.infer<typeof SqlCheck>;

/** How often a recovery is rehearsed: at 03:00 on the first of each month, or of each quarter, in the zone of the schedule. */
export const DRILL_SCHEDULES = ['never', 'monthly', 'quarterly'] as const;
export const DrillSchedule = z.enum(DRILL_SCHEDULES);
export type DrillSchedule = z.infer<typeof DrillSchedule>;

/** What is verified when, and how strictly: part of the settings. */
export const VerificationPolicy = z.strictObject({
  /** When the newest backup is restored and compared. */
  restore: z.enum(['after-each', 'daily', 'weekly', 'off']),
  /** `after-each` means `weekly` for dumps larger than this. */
  afterEachMaxGb: z.number().int().min(1).max(100_000),
  /** The newest MONTHLY backup is proven again once its proof is 30 days old. */
  provesNewestMonthly: z.boolean(),
  /** Every stored copy is read again within so many days; 0 never. */
  scrubDays: z.number().int().min(0).max(3650),
  /** Whether backups take content fingerprints, and up to which size of a table. */
  takesFingerprints: z.boolean(),
  fingerprintMaxGb: z.number().int().min(1).max(100_000),
  /** Foreign keys: every row, or a random sample of 100 (4-ims.md BR-008). */
  foreignKeys: z.enum(['all', 'sample']),
  /** When a drill of the newest backup is due. */
  drill: DrillSchedule,
  sqlChecks: z
    .array(SqlCheck)
    .max(100)
    .refine((checks) => new Set(checks.map(({ name }) => name)).size === checks.length, {
      message: 'must have names of their own',
    }),
});
export type VerificationPolicy = z.infer<typeof VerificationPolicy>;
export const DEFAULT_VERIFICATION_POLICY: VerificationPolicy = {
  restore: 'after-each',
  afterEachMaxGb: 20,
  provesNewestMonthly: true,
  scrubDays: 30,
  takesFingerprints: true,
  fingerprintMaxGb: 50,
  foreignKeys: 'all',
  drill: 'quarterly',
  sqlChecks: [],
};

/** Why a verification was started. */
export const VERIFICATION_CAUSES = [
  'manual',
  'after-backup',
  'daily',
  'weekly',
  'monthly',
  'scrub',
  'drill',
] as const;
export const VerificationCause = z.enum(VERIFICATION_CAUSES);
export type VerificationCause = z.infer<typeof VerificationCause>;

export const VERIFY_PHASES = [
  'queued',
  'preparing',
  'reading',
  'decoding',
  'restoring',
  'comparing',
  'finishing',
] as const;
export const VerifyPhase = z.enum(VERIFY_PHASES);
export type VerifyPhase = z.infer<typeof VerifyPhase>;

/** Where a restored copy lived: a cluster (or server) of its own, the verification server, the source's server, or a folder. */
export const SCRATCH_PLACES = ['ephemeral', 'server', 'source', 'folder'] as const;
export const ScratchPlace = z.enum(SCRATCH_PLACES);
export type ScratchPlace = z.infer<typeof ScratchPlace>;

export const VerificationId = z.uuid();

/** GET /api/v1/admin/verifications/:id. */
export const Verification = z.object({
  id: VerificationId,
  backupId: BackupId,
  depth: Depth,
  destination: Destination,
  status: VerificationStatus,
  /** Depth `restore`, nothing FAILED and nothing required UNKNOWN. */
  proven: z.boolean(),
  /** From when a worker took it; null before it ended. */
  durationMs: z.number().nullable(),
  /** What pg_restore took, data and indexes; null when it did not come so far. */
  restoreMs: z.number().nullable(),
  place: ScratchPlace.nullable(),
  checks: z.array(Check),
  cause: VerificationCause,
  requestedBy: z.string().nullable(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  /** Present while IN_PROGRESS. */
  progress: z
    .object({
      phase: VerifyPhase,
      bytes: z.number(),
      totalBytes: z.number().nullable(),
      cancelRequested: z.boolean(),
    })
    .nullable(),
  /** Why it is FAILED or UNKNOWN. */
  error: RunError.nullable(),
  /** What happened when, one event a line; secrets masked. */
  log: z.string(),
});
export type Verification = z.infer<typeof Verification>;

/** GET /api/v1/admin/backup/:id/verifications: newest first, without checks and log. */
export const VerificationSummary = Verification.omit({ checks: true, log: true }).extend({
  passed: z.number(),
  failed: z.number(),
  unknown: z.number(),
});
export type VerificationSummary = z.infer<typeof VerificationSummary>;
export const VerificationList = z.object({ data: z.array(VerificationSummary) });
export type VerificationList = z.infer<typeof VerificationList>;

/** POST /api/v1/admin/backup/:id/verify. `destination`: which copy; default the first stored one. */
export const VerifyRequest = z.strictObject({ depth: Depth, destination: Destination.optional() });
export type VerifyRequest = z.infer<typeof VerifyRequest>;
export const VerificationAccepted = z.object({
  id: VerificationId,
  status: VerificationStatus,
  message: z.string(),
});
export type VerificationAccepted = z.infer<typeof VerificationAccepted>;

/** What the verifying process is told on its standard input: all it needs besides the stored object and its manifest. */
export const VerifyOrder = z.object({
  /** The verification's id; scratch is named by it. */
  id: VerificationId,
  destination: Destination,
  key: z.string(),
  depth: Depth,
  policy: VerificationPolicy,
  /** What the catalogue noted when the backup was made; null where no catalogue is asked. */
  recorded: z
    .object({ backupId: BackupId, stored: ByteCount, manifestChecksum: z.string().nullable() })
    .nullable(),
});
export type VerifyOrder = z.infer<typeof VerifyOrder>;

export const VerifyOutcome = z.object({
  status: Verdict,
  proven: z.boolean(),
  restoreMs: z.number().int().nullable(),
  place: ScratchPlace.nullable(),
  error: RunError.nullable(),
});
export type VerifyOutcome = z.infer<typeof VerifyOutcome>;

/** What the verifying process writes on its standard output, one JSON document a line; `outcome` is the last. */
export const VerifyEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    phase: VerifyPhase,
    bytes: z.number(),
    totalBytes: z.number().optional(),
  }),
  z.object({ type: z.literal('check'), check: Check }),
  z.object({ type: z.literal('log'), at: z.iso.datetime(), line: z.string() }),
  z.object({ type: z.literal('outcome'), outcome: VerifyOutcome }),
]);
export type VerifyEvent = z.infer<typeof VerifyEvent>;
