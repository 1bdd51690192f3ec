import type { BackupHistoryQuery, BackupHistoryResponse, BackupSummary } from '../contracts/backup.ts';
import { nextDueAt } from '../core/schedule.ts';
import type { Backend } from '#db/backend.ts';
import { findHistory, type HistorySummary } from '#db/queries/history.ts';
import { toBackupRow } from './backup-row.ts';

export function toSummary(backend: Backend, summary: HistorySummary, now: Date): BackupSummary {
  const { schedule } = backend.config;
  return {
    totalBackups: summary.completedCount,
    totalSize: summary.completedBytes,
    lastSuccessful: summary.lastCompletedAt?.toISOString() ?? null,
    lastFailed: summary.lastFailedAt?.toISOString() ?? null,
    nextScheduled: schedule.isEnabled ? (nextDueAt(schedule, now)?.toISOString() ?? null) : null,
  };
}

/** GET /api/v1/admin/backup/history. `type` finds a backup by any of its tiers: Sunday's daily is also WEEKLY. */
export async function listHistory(
  backend: Backend,
  query: BackupHistoryQuery,
): Promise<BackupHistoryResponse> {
  const { rows, total, summary } = await findHistory(backend.db, query);
  return {
    data: rows.map(toBackupRow),
    meta: { total, page: query.page, limit: query.limit },
    summary: toSummary(backend, summary, backend.clock.now()),
  };
}
