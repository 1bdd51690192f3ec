import { triggerBackupAction } from '#app/actions/backup.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import type { TriggerBackupRequest } from '#lib/contracts/backup.ts';
import type { OverviewSource } from '#lib/contracts/overview.ts';

export interface RefusedBackup {
  readonly source: OverviewSource;
  readonly error: unknown;
}

/**
 * Asks for a backup of each source, and returns those that were refused: one that was backed up a short while ago keeps none of
 * the others from being started.
 */
export async function startBackups(
  sources: readonly OverviewSource[],
  requestFor: (source: OverviewSource) => TriggerBackupRequest,
): Promise<readonly RefusedBackup[]> {
  const refused: RefusedBackup[] = [];
  for (const source of sources) {
    try {
      await unwrapAction(triggerBackupAction(requestFor(source)));
    } catch (error) {
      refused.push({ source, error });
    }
  }
  return refused;
}
