import { REVIEW_PERIOD_DAYS } from '../contracts/runbook.ts';
import { drillDates } from '../core/drill.ts';
import { runbookReview } from '../core/runbook-review.ts';
import { byGravity, stateOfAges, worstState } from '../core/worst-state.ts';
import type { HealthCheck, Overview, OverviewQuery, OverviewSource, Ready } from '../contracts/overview.ts';
import { configForSource } from '../platform/source-config.ts';
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
import { newestDrillsOf } from '#db/queries/drill.ts';
import { findLogReading } from '#db/queries/log.ts';
import { firstUserAt } from '#db/queries/incident.ts';
import { findSummary } from '#db/queries/history.ts';
import { readConsoleSettings, readVerificationPolicy } from '#db/queries/setting.ts';
import { newestSettledDueAt } from '#db/queries/slot.ts';
import { findSources, type SourceRecord } from '#db/queries/source.ts';
import { findUnfinishedVerification, oldestReadAt } from '#db/queries/verification.ts';
import { livingWorkers } from '#db/queries/worker.ts';
import { toBackupRow } from './backup-row.ts';
import { judgeInstallation, judgeSource, ofSource } from './health-checks.ts';
import { nextScheduledOf, toSummary } from './history.ts';
import { keepsLog } from './log.ts';
import { noSuchSource } from './sources.ts';

const RECENT_LIMIT = 30;

interface JudgedSource {
  readonly shown: OverviewSource;
  /** None for one that is disabled. */
  readonly checks: readonly HealthCheck[];
}

/** One source by its own schedule and policy. */
async function judge(
  backend: Backend,
  source: SourceRecord,
  moment: { readonly now: Date; readonly rpoHours: number; readonly verifyingSourceId: string | null },
): Promise<JudgedSource> {
  const { db } = backend;
  const { id, name, kind, isEnabled } = source;
  const { now, rpoHours } = moment;
  const [newestGood, newestProven] = await Promise.all([findNewestGood(db, id), findNewestProven(db, id)]);
  const ageOf = (backup: BackupRecord | null): number | null =>
    backup === null ? null : Math.max(0, Math.floor((now.getTime() - backup.createdAt.getTime()) / 1000));
  const points = {
    newestGood: newestGood === null ? null : toBackupRow(newestGood),
    newestGoodAgeSeconds: ageOf(newestGood),
    newestProven: newestProven === null ? null : toBackupRow(newestProven),
    newestProvenAgeSeconds: ageOf(newestProven),
    nextScheduled: nextScheduledOf(backend, source, now)?.toISOString() ?? null,
  };
  if (!isEnabled) return { shown: { id, name, kind, ...points, state: null }, checks: [] };

  const config = configForSource(backend.config, source);
  // What came before the newest good one is over, and is not searched for.
  const goodAt = newestGood?.createdAt ?? null;
  const provenAt = newestProven?.createdAt ?? null;
  const [
    newestProofFailed,
    oldestUnproven,
    newestFailed,
    newestCancelled,
    oldestRead,
    settledDueAt,
    policy,
    drills,
    log,
  ] = await Promise.all([
    findNewestProofFailed(db, id, provenAt),
    findOldestUnproven(db, id, provenAt),
    findNewestFailed(db, id, goodAt),
    findNewestCancelled(db, id, goodAt),
    oldestReadAt(db, id),
    newestSettledDueAt(db, id),
    readVerificationPolicy(db, id),
    newestDrillsOf(db, id),
    keepsLog(config, id) ? findLogReading(db, id) : undefined,
  ]);
  const checks = judgeSource(config, {
    now,
    rpoHours,
    ownSchedulePage: source.schedule === null ? null : `/sources/${id}`,
    verification: policy,
    newestGood,
    newestProven,
    newestProofFailed,
    oldestUnproven,
    isVerifying: moment.verifyingSourceId === id,
    oldestReadAt: oldestRead,
    newestFailed,
    newestCancelled,
    newestSettledDueAt: settledDueAt,
    drills: {
      ...drills,
      dates: drillDates(policy.drill, config.schedule.timeZone, {
        now,
        since: source.createdAt,
        answeredAt: drills.judged?.createdAt ?? null,
      }),
    },
    log,
  });
  const state = worstState([...checks.map((check) => check.state), stateOfAges(points, rpoHours)]);
  return { shown: { id, name, kind, ...points, state }, checks };
}

/** The worst off of those that are judged: the worst state, then the oldest proof. */
function worstOff(judged: readonly JudgedSource[]): JudgedSource | undefined {
  const age = (seconds: number | null): number => seconds ?? Infinity;
  const [worst] = judged
    .filter(({ shown }) => shown.state !== null)
    .toSorted((a, b) => {
      const [one, other] = [a.shown, b.shown];
      return (
        byGravity(one.state ?? 'OK', other.state ?? 'OK') ||
        // Two that have none are equal: infinities have no difference.
        Number(age(other.newestProvenAgeSeconds) > age(one.newestProvenAgeSeconds)) -
          Number(age(other.newestProvenAgeSeconds) < age(one.newestProvenAgeSeconds))
      );
    });
  return worst ?? judged[0];
}

/**
 * Are we safe, since when, what is wrong, what next: by the catalogue's clock. Throws `not_found` for a source that is none.
 */
export async function readOverview(backend: Backend, query: OverviewQuery = {}): Promise<Overview> {
  const { db } = backend;
  const [now, settings, workers, verifying, running, recent, summary, sinceAt, sources] = await Promise.all([
    catalogueNow(db),
    readConsoleSettings(db),
    livingWorkers(db),
    findUnfinishedVerification(db),
    findRunning(db, query.source),
    findRecent(db, RECENT_LIMIT, query.source),
    findSummary(db, query.source),
    firstUserAt(db),
    findSources(db),
  ]);
  const { rpoHours, rtoMinutes } = settings;
  const verifyingSourceId = verifying?.sourceId ?? null;
  const judged: JudgedSource[] = [];
  // One after the other: each asks several questions at once already, and the connections are few.
  for (const source of sources)
    judged.push(await judge(backend, source, { now, rpoHours, verifyingSourceId }));

  const asked = judged.filter(({ shown }) => query.source === undefined || shown.id === query.source);
  const chosen = worstOff(asked);
  if (chosen === undefined) throw noSuchSource();
  const isOne = sources.length === 1;
  const { id, name, newestGood, newestGoodAgeSeconds, newestProven, newestProvenAgeSeconds } = chosen.shown;
  return {
    source: { id, name },
    newestGood,
    newestGoodAgeSeconds,
    newestProven,
    newestProvenAgeSeconds,
    sources: judged.map(({ shown }) => shown),
    verifying,
    running: running.map(toBackupRow),
    checks: [
      ...asked.flatMap(({ shown, checks }) =>
        isOne ? checks : checks.map((check) => ofSource(check, { id: shown.id, name: shown.name })),
      ),
      ...judgeInstallation({
        livingWorkers: workers.length,
        runbookReview: runbookReview(
          settings.runbook.review.lastReviewedOn,
          sinceAt,
          now,
          REVIEW_PERIOD_DAYS,
        ),
        disabledSources: sources.filter(({ isEnabled }) => !isEnabled).map((source) => source.name),
        enabledCount: sources.filter(({ isEnabled }) => isEnabled).length,
      }),
    ],
    summary: toSummary(
      backend,
      summary,
      sources.filter((source) => query.source === undefined || source.id === query.source),
      now,
    ),
    rpoHours,
    rtoMinutes,
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
