import { REVIEW_PERIOD_DAYS } from '../contracts/runbook.ts';
import { runbookReview } from '../core/runbook-review.ts';
import type { Overview, Ready } from '../contracts/overview.ts';
import type { Backend } from '#db/backend.ts';
import {
  catalogueNow,
  findNewestCancelled,
  findNewestFailed,
  findNewestGood,
  findNewestProofFailed,
  findNewestProven,
  findOldestUnproven,
  findRecent,
  findRunning,
  type BackupRecord,
} from '#db/queries/backup.ts';
import { firstUserAt } from '#db/queries/incident.ts';
import { findSummary } from '#db/queries/history.ts';
import { readConsoleSettings } from '#db/queries/setting.ts';
import { newestSettledDueAt } from '#db/queries/slot.ts';
import { findUnfinishedVerification, oldestReadAt } from '#db/queries/verification.ts';
import { livingWorkers } from '#db/queries/worker.ts';
import { toBackupRow } from './backup-row.ts';
import { judge } from './health-checks.ts';
import { toSummary } from './history.ts';

const RECENT_LIMIT = 30;

/** Are we safe, since when, what is wrong, what next: by the catalogue's clock. */
export async function readOverview(backend: Backend): Promise<Overview> {
  const { db, config } = backend;
  const [
    now,
    settings,
    workers,
    newestGood,
    newestProven,
    newestProofFailed,
    newestFailed,
    newestCancelled,
    verifying,
    oldestRead,
    running,
    recent,
    summary,
    settledDueAt,
    sinceAt,
  ] = await Promise.all([
    catalogueNow(db),
    readConsoleSettings(db),
    livingWorkers(db),
    findNewestGood(db),
    findNewestProven(db),
    findNewestProofFailed(db),
    findNewestFailed(db),
    findNewestCancelled(db),
    findUnfinishedVerification(db),
    oldestReadAt(db),
    findRunning(db),
    findRecent(db, RECENT_LIMIT),
    findSummary(db),
    newestSettledDueAt(db),
    firstUserAt(db),
  ]);
  const oldestUnproven = await findOldestUnproven(db, newestProven?.createdAt ?? null);
  const ageOf = (backup: BackupRecord | null): number | null =>
    backup === null ? null : Math.max(0, Math.floor((now.getTime() - backup.createdAt.getTime()) / 1000));
  return {
    newestGood: newestGood === null ? null : toBackupRow(newestGood),
    newestGoodAgeSeconds: ageOf(newestGood),
    newestProven: newestProven === null ? null : toBackupRow(newestProven),
    newestProvenAgeSeconds: ageOf(newestProven),
    verifying,
    running: running.map(toBackupRow),
    checks: judge(config, {
      now,
      rpoHours: settings.rpoHours,
      verification: settings.verification,
      livingWorkers: workers.length,
      newestGood,
      newestProven,
      newestProofFailed,
      oldestUnproven,
      isVerifying: verifying !== null,
      oldestReadAt: oldestRead,
      newestFailed,
      newestCancelled,
      newestSettledDueAt: settledDueAt,
      runbookReview: runbookReview(settings.runbook.review.lastReviewedOn, sinceAt, now, REVIEW_PERIOD_DAYS),
    }),
    summary: toSummary(backend, summary, now),
    rpoHours: settings.rpoHours,
    rtoMinutes: settings.rtoMinutes,
    recent: recent.map(toBackupRow),
  };
}

/** Longer than this, and whoever asked has gone. */
const READY_TIMEOUT_MS = 4000;

/** Whether the catalogue answers and a worker lives. Never throws. */
export async function readReadiness(backend: Backend): Promise<Ready> {
  const abort = new AbortController();
  const late = backend.clock.sleep(READY_TIMEOUT_MS, abort.signal).then(
    () => null,
    () => null,
  );
  const asked = livingWorkers(backend.db).catch((error: unknown) => {
    backend.log.warn('the catalogue does not answer', { error });
    return null;
  });
  const workers = await Promise.race([asked, late]);
  abort.abort();
  if (workers === null) return { status: 'not-ready', database: 'down', worker: 'unknown' };
  return workers.length > 0
    ? { status: 'ready', database: 'ok', worker: 'ok' }
    : { status: 'not-ready', database: 'ok', worker: 'absent' };
}
