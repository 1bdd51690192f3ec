import { z } from 'zod';
import { BackupId, Destination, RunError } from './backup.ts';
import { ByteCount } from './manifest.ts';
import { SourceId } from './source.ts';
import {
  Check,
  DrillSchedule,
  ScratchPlace,
  VERDICTS,
  Verdict,
  Verification,
  VerificationId,
  VerifyPhase,
} from './verification.ts';

/**
 * FAILED: the copy was not proven, an objective was missed, or there is no backup to come back to. UNKNOWN: nothing is known
 * to be wrong, but the rehearsal did not come to its end.
 */
export const DRILL_STATUSES = ['IN_PROGRESS', ...VERDICTS] as const;
export const DrillStatus = z.enum(DRILL_STATUSES);
export type DrillStatus = z.infer<typeof DrillStatus>;

export const DRILL_CAUSES = ['manual', 'schedule'] as const;
export const DrillCause = z.enum(DRILL_CAUSES);
export type DrillCause = z.infer<typeof DrillCause>;

export const DrillId = z.uuid();

/** POST /api/v1/admin/drills. */
export const DrillRequest = z.strictObject({
  /** Which source (contracts/source.ts); default the environment's own. */
  sourceId: SourceId.optional(),
  /** Why, or what was learned before: it stands in the report. */
  note: z
    .string()
    .trim()
    .max(500)
    .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f\ud800-\udfff]*$/u, 'must not contain control characters')
    .optional(),
});
export type DrillRequest = z.infer<typeof DrillRequest>;

/** Where there is no backup to come back to, it is FAILED within seconds. */
export const DrillAccepted = z.object({ id: DrillId, status: DrillStatus, message: z.string() });
export type DrillAccepted = z.infer<typeof DrillAccepted>;

/** GET /api/v1/admin/drills. */
export const DrillQuery = z.strictObject({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  limit: z.coerce.number().int().min(1).max(200).default(20),
  /** Of this source alone; an id that is none finds nothing. */
  source: SourceId.optional(),
});
export type DrillQuery = z.infer<typeof DrillQuery>;

/** The settings as they were when the drill began. */
export const DrillObjectives = z.object({ rtoMinutes: z.number().int(), rpoHours: z.number().int() });
export type DrillObjectives = z.infer<typeof DrillObjectives>;

export const DrillMeasured = z.object({
  /** From the request to the worker that took it: time in the queue, which no objective counts. Null where none took it. */
  waitedMs: z.number().int().nullable(),
  /** From when a worker took it to the proven copy. Null where no copy was proven. */
  recoveryMs: z.number().int().nullable(),
  /** What pg_restore took of it. */
  restoreMs: z.number().int().nullable(),
  /** From the backup's snapshot to the request: what would have been lost. Null without a backup. */
  dataLossMs: z.number().int().nullable(),
});
export type DrillMeasured = z.infer<typeof DrillMeasured>;

/** UNKNOWN where nothing could be measured: never PASSED because it did not run. */
export const DrillVerdicts = z.object({
  /** The restored copy equals the backup's facts. */
  proof: Verdict,
  /** recoveryMs ≤ rtoMinutes. */
  rto: Verdict,
  /** dataLossMs ≤ rpoHours. */
  rpo: Verdict,
});
export type DrillVerdicts = z.infer<typeof DrillVerdicts>;

/** One phase of the recovery; what came again later is added to it. */
export const DrillStep = z.object({ phase: VerifyPhase, durationMs: z.number().int().nonnegative() });
export type DrillStep = z.infer<typeof DrillStep>;

/** What the drill came back from, as it was then: the backup itself may be deleted by now. */
export const DrillBackup = z.object({
  id: BackupId,
  filename: z.string(),
  /** The instant of its snapshot. */
  takenAt: z.iso.datetime(),
  /** Which copy was read. */
  destination: Destination,
  /** Null in a catalogue row that never knew it. */
  stored: ByteCount.nullable(),
});
export type DrillBackup = z.infer<typeof DrillBackup>;

const CheckCounts = z.object({
  passed: z.number().int(),
  failed: z.number().int(),
  unknown: z.number().int(),
});

const drill = {
  id: DrillId,
  source: z.object({ id: SourceId, name: z.string() }),
  cause: DrillCause,
  /** The scheduled instant it answers; null for a person's. */
  dueAt: z.iso.datetime().nullable(),
  /** Null for the schedule. */
  requestedBy: z.string().nullable(),
  note: z.string().nullable(),
  createdAt: z.iso.datetime(),
  /** When a worker took it. */
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  objectives: DrillObjectives,
  measured: DrillMeasured,
  /** Null while IN_PROGRESS. */
  verdicts: DrillVerdicts.nullable(),
  /** Null where there was none to come back to. */
  backup: DrillBackup.nullable(),
  /** Where the copy was restored; it is gone by the end. */
  place: ScratchPlace.nullable(),
  steps: z.array(DrillStep),
  checks: CheckCounts,
  /** Why it is FAILED or UNKNOWN. */
  error: RunError.nullable(),
};

/** GET /api/v1/admin/drills/:id. */
export const Drill = z.object({
  ...drill,
  status: DrillStatus,
  /** Its verification, to follow and to cancel it (POST …/verifications/:id/cancel), and with every check; null without a backup. */
  verificationId: VerificationId.nullable(),
  /** Present while IN_PROGRESS. */
  progress: Verification.shape.progress,
  /** GET …/:id/report; null while IN_PROGRESS. */
  report: z
    .object({
      filename: z.string(),
      sha256: z.string(),
      /** The key that signed it, PEM; null while it is not signed (`signatureError` says why). */
      publicKey: z.string().nullable(),
      /** SHA-256 of the key's DER, to compare by eye. */
      keyFingerprint: z.string().nullable(),
      signatureError: RunError.nullable(),
    })
    .nullable(),
});
export type Drill = z.infer<typeof Drill>;

/** When the drills of a source are due. */
export const DrillPlan = z.object({
  source: z.object({ id: SourceId, name: z.string() }),
  /** A disabled source is not drilled. */
  isEnabled: z.boolean(),
  schedule: DrillSchedule,
  /** Null where it is `never`. */
  nextDueAt: z.iso.datetime().nullable(),
  /** The due instant since which no drill has come to a verdict; null while none is missing. */
  overdueSince: z.iso.datetime().nullable(),
});
export type DrillPlan = z.infer<typeof DrillPlan>;

/** Newest first, and every source's plan whatever page this is. */
export const DrillList = z.object({
  data: z.array(Drill),
  meta: z.object({ total: z.number(), page: z.number(), limit: z.number() }),
  plans: z.array(DrillPlan),
});
export type DrillList = z.infer<typeof DrillList>;

/** The document that is signed (docs/format.md), format 1: exactly these fields in this order. Holds no secret. */
export const DrillReport = z.object({
  format: z.literal(1),
  kind: z.literal('holdfast-drill-report'),
  holdfastVersion: z.string(),
  ...drill,
  status: Verdict,
  verdicts: DrillVerdicts,
  /** Of each kind of check (`rows`, `fingerprint`, …) how many of which verdict, and how long they took together. */
  checksByKind: z.array(CheckCounts.extend({ kind: z.string(), durationMs: z.number().int() })),
  /** Each check that FAILED or is UNKNOWN, at most 1,000. */
  notPassed: z.array(Check),
});
export type DrillReport = z.infer<typeof DrillReport>;

/** What the report's file holds. */
export const drillReportText = (report: DrillReport): string => `${JSON.stringify(report, null, 2)}\n`;

/** GET …/:id/report/signature: 64 bytes (Ed25519, RFC 8032) over exactly the bytes of the report's file. */
export const DrillSignature = z.string().meta({ format: 'binary' });

/** GET /api/v1/admin/drills/key: the public key that signs now, SubjectPublicKeyInfo in PEM. */
export const DrillKey = z.string();
