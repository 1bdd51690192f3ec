import { isBackupUnfinished } from '#db/queries/restore.ts';
import type { HeldRestore } from './held-restore.ts';

const LOOK_MS = 1000;

/** A backup of this source that is being taken would be cut off by an exchange, and keeps a restore in place waiting for its locks. */
export async function waitForBackups({ deps, run, ctx, say }: HeldRestore): Promise<void> {
  for (let isFirst = true; await isBackupUnfinished(deps.db, run.sourceId); isFirst = false) {
    if (isFirst) say('waiting until the backup that runs has ended');
    await deps.clock.sleep(LOOK_MS, ctx.signal);
  }
}
