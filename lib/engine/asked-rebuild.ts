import { toAppError } from '../core/errors.ts';
import { endRebuild, findRebuild, noteRebuildProgress } from '#db/queries/rebuild.ts';
import { workerActor, type EngineDeps } from './deps.ts';
import { persist } from './persist.ts';
import { runRebuild } from './rebuild.ts';

const NOTE_MS = 1000;

/**
 * Does what somebody asked for at the console, and writes down what came of it. A worker that is stopped leaves the row as it is and
 * throws: another one begins again, which records nothing twice.
 */
export async function runAskedRebuild(deps: EngineDeps, id: string, stop: AbortSignal): Promise<void> {
  const asked = await findRebuild(deps.db, id);
  if (asked === null || asked.result !== null || asked.errorCode !== null) return;
  const { isDryRun, requestedBy } = asked;
  let progress = { archives: 0, recorded: 0 };
  const end = new AbortController();
  const notes = (async () => {
    while (!end.signal.aborted) {
      await deps.clock.sleep(NOTE_MS, end.signal).catch(() => undefined);
      // Only for people to look at; the outcome is written below, whatever became of these.
      await noteRebuildProgress(deps.db, id, progress).catch(() => undefined);
    }
  })();
  try {
    const outcome = await runRebuild(deps, {
      isDryRun,
      sourceId: null,
      actor: workerActor('rebuild'),
      requestedBy,
      signal: stop,
      progress: (now) => {
        progress = now;
      },
    }).catch((thrown: unknown) => {
      stop.throwIfAborted();
      const error = toAppError(thrown);
      deps.log.error('the history could not be rebuilt', { id, error: thrown });
      return error;
    });
    await persist(deps, 'outcome of a rebuild', () => endRebuild(deps.db, id, outcome));
  } finally {
    end.abort();
    await notes;
  }
}
