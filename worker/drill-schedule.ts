import { drillDates } from '#lib/core/drill.ts';
import { workerActor, type EngineDeps } from '#lib/engine/deps.ts';
import { depsOfSources } from '#lib/engine/source-deps.ts';
import { verifyJob } from '#lib/jobs/queue.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow } from '#db/queries/backup.ts';
import {
  insertDrill,
  lockBackupToComeBackTo,
  lockDrills,
  newestDrillsOf,
  unfinishedDrillOf,
} from '#db/queries/drill.ts';
import { readConsoleSettings, readVerificationPolicy } from '#db/queries/setting.ts';
import { findSource } from '#db/queries/source.ts';
import { unfinishedVerificationOf } from '#db/queries/verification.ts';

/** What could not be shown is not tried again within this: whatever stood in the way still does. */
const UNKNOWN_REST_MS = 24 * 3_600_000;

export interface DueDrill {
  readonly id: string;
  readonly sourceId: string;
  readonly dueAt: Date;
}

/**
 * Begins the drill of the source of `deps` that is due, if one is: row, verification, audit entry and job in one transaction, so that
 * of any number of workers exactly one begins it. One that is missed while no worker lived is caught up once. Returns null for
 * nothing. `now` is the catalogue's clock unless a test says otherwise.
 */
async function tickDrill(deps: EngineDeps, now?: Date): Promise<DueDrill | null> {
  const { sourceId } = deps;
  return deps.db.transaction(async (tx) => {
    await lockDrills(tx);
    const source = await findSource(tx, sourceId);
    if (source?.isEnabled !== true) return null;
    const at = now ?? (await catalogueNow(tx));
    const { judged, unknown } = await newestDrillsOf(tx, sourceId);
    const { drill } = await readVerificationPolicy(tx, sourceId);
    const { dueAt } = drillDates(drill, deps.config.schedule.timeZone, {
      now: at,
      since: source.createdAt,
      answeredAt: judged?.createdAt ?? null,
    });
    if (dueAt === null || (await unfinishedDrillOf(tx, sourceId)) !== null) return null;
    if (unknown !== null && at.getTime() - unknown.createdAt.getTime() < UNKNOWN_REST_MS) return null;
    const backup = await lockBackupToComeBackTo(tx, sourceId);
    // Its proof is on its way: the drill follows when that is over.
    if (backup !== null && (await unfinishedVerificationOf(tx, backup.id)) !== null) return null;
    const { rtoMinutes, rpoHours } = await readConsoleSettings(tx);
    const { id, verificationId } = await insertDrill(tx, {
      sourceId,
      cause: 'schedule',
      dueAt,
      requestedBy: null,
      note: null,
      objectives: { rtoMinutes, rpoHours },
      backup,
      createdAt: at,
    });
    await addAuditEntry(tx, workerActor('schedule'), 'drill.start', id, {
      sourceId,
      backupId: backup?.id ?? null,
      verificationId,
      dueAt: dueAt.toISOString(),
    });
    if (verificationId !== null) await deps.queue.enqueue(tx, verifyJob, { verificationId });
    return { id, sourceId, dueAt };
  });
}

/** `tickDrill` for every source: what one cannot be drilled for does not keep the others waiting. Throws the first failure at the end. */
export async function tickDrills(deps: EngineDeps, now?: Date): Promise<readonly DueDrill[]> {
  const failures: unknown[] = [];
  const begun: DueDrill[] = [];
  for (const source of await depsOfSources(deps)) {
    try {
      const drill = await tickDrill(source, now);
      if (drill === null) continue;
      begun.push(drill);
      deps.log.info('a drill is due', drill);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return begun;
}
