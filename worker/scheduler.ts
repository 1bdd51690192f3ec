import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { archiveFilename } from '#lib/core/archive-name.ts';
import { estimateExpiry } from '#lib/core/retention.ts';
import { dueSlots, tiersOfSlot } from '#lib/core/schedule.ts';
import { dueVerifications, type DueVerification } from '#lib/core/verification-plan.ts';
import { workerActor, type EngineDeps } from '#lib/engine/deps.ts';
import { retentionPolicy } from '#lib/engine/retain.ts';
import { depsOfSources } from '#lib/engine/source-deps.ts';
import { addVerification } from '#lib/engine/verify.ts';
import { backupJob } from '#lib/jobs/queue.ts';
import type { Config } from '#lib/platform/config.ts';
import { layersOf } from '#lib/platform/source-config.ts';
import type { Tx } from '#db/client.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow, lockBackup } from '#db/queries/backup.ts';
import { addScheduledRun } from '#db/queries/run.ts';
import {
  giveSlotBackup,
  lockSlots,
  planPrefixOf,
  settledUntil,
  takeSlot,
  unfinishedScheduledBackup,
} from '#db/queries/slot.ts';
import { readVerificationPolicy } from '#db/queries/setting.ts';
import { unfinishedVerificationOf } from '#db/queries/verification.ts';
import {
  lockVerificationPlan,
  readVerificationState,
  sourcesByLastVerification,
} from '#db/queries/verification-plan.ts';

/** A plan's name in the slots: another schedule is another plan, so that a change of schedule invents no missed slot. */
export const planOf = (schedule: Config['schedule'], sourceId: string = ENVIRONMENT_SOURCE_ID): string =>
  `${planPrefixOf(sourceId)}${schedule.cron} ${schedule.timeZone}`;

export type Tick =
  | {
      readonly taken: 'backup';
      readonly backupId: string;
      readonly dueAt: Date;
      readonly missedCount: number;
    }
  /** The slot was noted without a backup: scheduling is off, the plan is new, or the backup before it still runs. */
  | { readonly taken: 'noted'; readonly dueAt: Date }
  | { readonly taken: 'nothing' };

/**
 * Looks what of the source of `deps` has come due since the last look and takes the newest slot: slot, row, audit entry and job in one
 * transaction, so that of any number of workers exactly one takes it and no crash leaves half of it. Older missed slots
 * are told of in one audit entry. `now` is the catalogue's clock unless a test says otherwise.
 */
export async function tick(deps: EngineDeps, now?: Date): Promise<Tick> {
  const { config, sourceId } = deps;
  const plan = planOf(config.schedule, sourceId);
  const actor = workerActor('schedule');
  const result = await deps.db.transaction(async (tx): Promise<Tick> => {
    await lockSlots(tx);
    const at = now ?? (await catalogueNow(tx));
    const settled = await settledUntil(tx, sourceId, plan, at);
    if (settled === null) {
      // What would have been due before this installation, or this schedule, existed was not missed.
      await takeSlot(tx, plan, at);
      return { taken: 'noted', dueAt: at };
    }
    const { newest, missed, missedCount } = dueSlots(config.schedule, settled, at);
    if (newest === null || !(await takeSlot(tx, plan, newest))) return { taken: 'nothing' };
    // Switched on again, it must not catch up what was due while it was off.
    if (!config.schedule.isEnabled) return { taken: 'noted', dueAt: newest };

    const unfinished = await unfinishedScheduledBackup(tx, sourceId);
    const skipped = unfinished === null ? missed : [...missed, newest];
    if (skipped.length > 0) {
      await addAuditEntry(tx, actor, 'schedule.missed', null, {
        sourceId,
        count: missedCount + (unfinished === null ? 0 : 1),
        slots: skipped.map((slot) => slot.toISOString()),
        reason:
          unfinished === null ? 'no worker was running' : 'the scheduled backup before was not finished',
      });
    }
    if (unfinished !== null) return { taken: 'noted', dueAt: newest };

    const tiers = tiersOfSlot(newest, config.schedule.timeZone);
    const isEncrypted = config.ageRecipients.length > 0;
    const filename = archiveFilename(config.filePrefix, at, 1, layersOf(config));
    const backupId = await addScheduledRun(tx, {
      sourceId,
      filename,
      tiers: [...tiers],
      destinations: [config.storage],
      isEncrypted,
      expiresAt: estimateExpiry(retentionPolicy(config), tiers, at),
    });
    await giveSlotBackup(tx, plan, newest, backupId);
    await addAuditEntry(tx, actor, 'backup.create', backupId, {
      sourceId,
      tiers,
      dueAt: newest.toISOString(),
    });
    await deps.queue.enqueue(tx, backupJob, { backupId });
    return { taken: 'backup', backupId, dueAt: newest, missedCount };
  });
  if (result.taken === 'backup') {
    deps.log.info('a scheduled backup is due', { sourceId, ...result });
    if (result.missedCount > 0)
      deps.log.warn('scheduled backups were missed while no worker was running', {
        sourceId,
        count: result.missedCount,
      });
  }
  return result;
}

/** `tick` for every source: what one cannot be scheduled for does not keep the others waiting. Throws the first failure at the end. */
export async function tickSources(deps: EngineDeps, now?: Date): Promise<void> {
  const failures: unknown[] = [];
  for (const source of await depsOfSources(deps)) {
    try {
      await tick(source, now);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** Of the source whose turn it is: the one that has waited longest since its last, so that none keeps another from its proofs. */
async function mostPressing(tx: Tx, at: Date): Promise<DueVerification | null> {
  for (const sourceId of await sourcesByLastVerification(tx)) {
    const state = await readVerificationState(tx, sourceId);
    if (state.unfinished.length > 0) return null;
    const [due] = dueVerifications(await readVerificationPolicy(tx, sourceId), at, state);
    if (due !== undefined) return due;
  }
  return null;
}

/**
 * Asks for the most pressing verification that is due, unless one waits or runs already, so that they never queue up. Of any
 * number of workers one asks. Returns what it asked for; null for nothing. `now` is the catalogue's clock unless a test says
 * otherwise.
 */
export async function tickVerifications(
  deps: EngineDeps,
  now?: Date,
): Promise<(DueVerification & { readonly id: string }) | null> {
  const asked = await deps.db.transaction(async (tx) => {
    await lockVerificationPlan(tx);
    const at = now ?? (await catalogueNow(tx));
    const due = await mostPressing(tx, at);
    if (due === null) return null;
    const backup = await lockBackup(tx, due.backupId);
    // Since it was read, a person may have deleted it or asked for the same.
    if (backup?.status !== 'COMPLETED' || (await unfinishedVerificationOf(tx, due.backupId)) !== null)
      return null;
    return { ...due, id: await addVerification(deps, tx, due) };
  });
  if (asked !== null) deps.log.info('a verification is due', asked);
  return asked;
}
