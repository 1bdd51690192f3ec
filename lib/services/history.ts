import type { BackupHistoryQuery, BackupHistoryResponse, BackupSummary } from '../contracts/backup.ts';
import { nextDueAt } from '../core/schedule.ts';
import { configForSource } from '../platform/source-config.ts';
import type { Backend } from '#db/backend.ts';
import { findHistory, type HistorySummary } from '#db/queries/history.ts';
import { findSources, type SourceRecord } from '#db/queries/source.ts';
import { toBackupRow } from './backup-row.ts';

/** When a source is due next; null for one that is disabled or not scheduled. */
export function nextScheduledOf(backend: Backend, source: SourceRecord, now: Date): Date | null {
  const { schedule } = configForSource(backend.config, source);
  return source.isEnabled && schedule.isEnabled ? nextDueAt(schedule, now) : null;
}

/** `sources` are those that it sums up. */
export function toSummary(
  backend: Backend,
  summary: HistorySummary,
  sources: readonly SourceRecord[],
  now: Date,
): BackupSummary {
  const [next] = sources
    .flatMap((source) => nextScheduledOf(backend, source, now) ?? [])
    .sort((a, b) => a.getTime() - b.getTime());
  return {
    totalBackups: summary.completedCount,
    totalSize: summary.completedBytes,
    lastSuccessful: summary.lastCompletedAt?.toISOString() ?? null,
    lastFailed: summary.lastFailedAt?.toISOString() ?? null,
    nextScheduled: next?.toISOString() ?? null,
  };
}

/** GET /api/v1/admin/backup/history. `type` finds a backup by any of its tiers: Sunday's daily is also WEEKLY. */
export async function listHistory(
  backend: Backend,
  query: BackupHistoryQuery,
): Promise<BackupHistoryResponse> {
  const [{ rows, total, summary }, sources] = await Promise.all([
    findHistory(backend.db, query),
    findSources(backend.db),
  ]);
  const asked = sources.filter(({ id }) => query.source === undefined || id === query.source);
  return {
    data: rows.map(toBackupRow),
    meta: { total, page: query.page, limit: query.limit },
    summary: toSummary(backend, summary, asked, backend.clock.now()),
  };
}
