import { copiesToRemove, isKeyOfAnother, markCopiesRemoved } from '#db/queries/run.ts';
import { removeArchive } from './archive.ts';
import type { EngineDeps } from './deps.ts';
import { persist } from './persist.ts';

/**
 * Removes what copies of this backup are to go (`copiesToRemove`), archive and manifest, and notes them REMOVED. An object that belongs
 * to another backup is left alone, whatever this backup's rows say: a run that died before its first byte may have
 * noted a name that was taken. Safe to repeat; throws when a destination could not be asked.
 */
export async function removeCopies(deps: EngineDeps, backupId: string, signal: AbortSignal): Promise<void> {
  const log = deps.log.child({ backupId });
  const ctx = { runId: backupId, signal, log };
  const copies = await persist(deps, 'copies to remove', () => copiesToRemove(deps.db, backupId), signal);
  const own: ((typeof copies)[number] & { readonly backupId: string })[] = [];
  for (const copy of copies) {
    if (await isKeyOfAnother(deps.db, backupId, copy))
      log.warn('left an object alone that belongs to another backup', { key: copy.key });
    else own.push({ ...copy, backupId });
  }
  await removeArchive(deps.config, own, ctx);
  await persist(
    deps,
    'copies removed',
    () =>
      markCopiesRemoved(
        deps.db,
        backupId,
        copies.map(({ destination }) => destination),
      ),
    signal,
  );
}
