import type {
  BackupCopy,
  BackupDetail,
  BackupProgress,
  BackupRow,
  Proof,
  RunError,
} from '../contracts/backup.ts';
import { humanBytes } from '../core/bytes.ts';
import type { BackupRecord, CopyRecord } from '#db/queries/backup.ts';

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

function progressOf(record: BackupRecord): BackupProgress {
  const { progressBytes: bytes, progressTotalBytes: totalBytes, progressBytesPerSecond: rate } = record;
  const isKnown = totalBytes !== null && totalBytes > 0;
  return {
    phase: record.phase,
    bytes,
    totalBytes,
    percent: record.phase === 'queued' ? null : record.progressPercent,
    bytesPerSecond: rate,
    etaSeconds:
      isKnown && rate !== null && rate > 0 ? Math.ceil(Math.max(0, totalBytes - bytes) / rate) : null,
    heartbeatAt: iso(record.heartbeatAt),
    cancelRequested: record.cancelRequestedAt !== null,
  };
}

/** Why a run or a verification did not end well; null where it says nothing. */
export function toRunError(record: {
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly errorHint: string | null;
}): RunError | null {
  if (record.errorCode === null) return null;
  return { code: record.errorCode, message: record.errorMessage ?? '', hint: record.errorHint };
}

function proofOf(record: BackupRecord): Proof {
  const last = record.lastVerification;
  return {
    state: record.proof,
    provenAt: iso(record.provenAt),
    bytesFineAt: iso(record.bytesFineAt),
    failedAt: iso(record.proofFailedAt),
    recoveryMs: record.recoveryMs,
    lastVerificationId: record.lastVerificationId,
    lastStatus: last?.status ?? null,
    lastError: last === null ? null : toRunError(last),
  };
}

/** A catalogue row as the API and the pages show it. */
export function toBackupRow(record: BackupRecord): BackupRow {
  const size = record.sizeBytes ?? 0;
  return {
    id: record.id,
    sourceId: record.sourceId,
    sourceName: record.sourceName,
    sourceKind: record.sourceKind,
    filename: record.filename,
    size,
    sizeHuman: humanBytes(size),
    type: record.type,
    storage: record.destinations[0] ?? 'local',
    status: record.status,
    duration: Math.round((record.durationMs ?? 0) / 1000),
    checksum: record.checksum ?? '',
    createdAt: record.createdAt.toISOString(),
    expiresAt: iso(record.expiresAt),
    tiers: record.tiers,
    description: record.description,
    tableCount: record.tableCount,
    durationMs: record.durationMs,
    isEncrypted: record.isEncrypted,
    requestedBy: record.requestedBy,
    finishedAt: iso(record.finishedAt),
    progress: record.status === 'IN_PROGRESS' ? progressOf(record) : null,
    error: toRunError(record),
    proof: proofOf(record),
  };
}

const toCopy = (copy: CopyRecord): BackupCopy => ({
  destination: copy.destination,
  key: copy.key,
  status: copy.status,
  sizeBytes: copy.sizeBytes,
  checkedAt: iso(copy.checkedAt),
});

export function toBackupDetail(
  record: BackupRecord,
  copies: readonly CopyRecord[],
  source: BackupDetail['source'],
): BackupDetail {
  return {
    ...toBackupRow(record),
    source,
    plainSize: record.plainSizeBytes,
    plainChecksum: record.plainChecksum,
    options: { tables: record.tables, schemaOnly: record.schemaOnly },
    copies: copies.map(toCopy),
  };
}
