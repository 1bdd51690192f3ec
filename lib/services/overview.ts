import type { Overview, Ready } from '../contracts/overview.ts';
import type { Backend } from '#db/backend.ts';
import {
  catalogueNow,
  findNewestCancelled,
  findNewestFailed,
  findNewestGood,
  findRecent,
  findRunning,
} from '#db/queries/backup.ts';
import { findSummary } from '#db/queries/history.ts';
import { newestSettledDueAt } from '#db/queries/slot.ts';
import { livingWorkers } from '#db/queries/worker.ts';
import { toBackupRow } from './backup-row.ts';
import { judge } from './health-checks.ts';
import { toSummary } from './history.ts';
import { readSettings } from './settings.ts';

const RECENT_LIMIT = 30;

/** Are we safe, since when, what is wrong, what next: by the catalogue's clock. */
export async function readOverview(backend: Backend): Promise<Overview> {
  const { db, config } = backend;
  const [
    now,
    settings,
    workers,
    newestGood,
    newestFailed,
    newestCancelled,
    running,
    recent,
    summary,
    settledDueAt,
  ] = await Promise.all([
    catalogueNow(db),
    readSettings(backend),
    livingWorkers(db),
    findNewestGood(db),
    findNewestFailed(db),
    findNewestCancelled(db),
    findRunning(db),
    findRecent(db, RECENT_LIMIT),
    findSummary(db),
    newestSettledDueAt(db),
  ]);
  return {
    newestGood: newestGood === null ? null : toBackupRow(newestGood),
    newestGoodAgeSeconds:
      newestGood === null
        ? null
        : Math.max(0, Math.floor((now.getTime() - newestGood.createdAt.getTime()) / 1000)),
    running: running.map(toBackupRow),
    checks: judge(config, {
      now,
      rpoHours: settings.rpoHours,
      livingWorkers: workers.length,
      newestGood,
      newestFailed,
      newestCancelled,
      newestSettledDueAt: settledDueAt,
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
