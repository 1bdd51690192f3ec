import { decideRetention, type RetentionPolicy } from '../core/retention.ts';
import { removeJob } from '../jobs/queue.ts';
import type { Config } from '../platform/config.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow, lockBackup } from '#db/queries/backup.ts';
import { findReadingRestore } from '#db/queries/restore.ts';
import { markExpired, retainableBackups, setExpiresAt } from '#db/queries/run.ts';
import { workerActor, type EngineDeps } from './deps.ts';
import { persist } from './persist.ts';

export const retentionPolicy = (config: Config): RetentionPolicy => ({
  ...config.retention,
  minAgeHours: 24,
  timeZone: config.schedule.timeZone,
});

/**
 * Marks what the policy of the source lets go of its backups EXPIRED, with an audit entry that says why and a job that removes it, all in one
 * transaction; what is being restored waits for the next time. Brings the dates shown to people up to date. Returns how many expired.
 * Safe to repeat.
 */
export async function runRetain(deps: EngineDeps): Promise<number> {
  const policy = retentionPolicy(deps.config);
  const expired = await persist(deps, 'retention', () =>
    deps.db.transaction(async (tx) => {
      const rows = await retainableBackups(tx, deps.sourceId);
      const decisions = decideRetention(policy, await catalogueNow(tx), rows);
      let count = 0;
      for (const [index, { id, decision, reasons, expiresAt }] of decisions.entries()) {
        const row = rows[index];
        if (row === undefined) continue;
        if (decision === 'drop') {
          // Nobody can ask for a restore of it now; whoever has done so gets it.
          await lockBackup(tx, id);
          if ((await findReadingRestore(tx, id)) !== null) continue;
          // A person may have deleted it since it was read.
          if (!(await markExpired(tx, id))) continue;
          await addAuditEntry(tx, workerActor('retention'), 'backup.expire', id, {
            sourceId: deps.sourceId,
            filename: row.filename,
            reasons,
          });
          await deps.queue.enqueue(tx, removeJob, { backupId: id });
          count += 1;
        } else if (row.expiresAt?.getTime() !== expiresAt?.getTime()) await setExpiresAt(tx, id, expiresAt);
      }
      return count;
    }),
  );
  if (expired > 0) deps.log.info('retention let backups go', { count: expired });
  return expired;
}
