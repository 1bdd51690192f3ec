import { AppError, toAppError } from '../core/errors.ts';
import { openRestoreServer } from '../sources/registry.ts';
import { answerLook, findLook } from '#db/queries/restore-question.ts';
import { findRestore, type RestoreRecord } from '#db/queries/restore.ts';
import { isOfPath, type EngineDeps } from './deps.ts';
import { lookAtPath } from './look-path.ts';
import { depsOfSource } from './source-deps.ts';

const LIMIT_MS = 18_000;

/** Where the restored copy stands now, and what stands beside it. */
function placesOf(run: RestoreRecord): { readonly database: string; readonly live: string | null } {
  const { targetDatabase, copyDatabase, keptDatabase, swappedAt, undoneAt } = run;
  if (swappedAt !== null && undoneAt === null) return { database: targetDatabase, live: keptDatabase };
  if (copyDatabase === null) {
    throw new AppError('conflict', 'there is no restored copy to look at', {
      hint: 'It was dropped, or has not been made yet.',
    });
  }
  return { database: copyDatabase, live: copyDatabase === targetDatabase ? null : targetDatabase };
}

/** Answers what stands in a restored copy; what it cannot answer for is an answer too. */
export async function runLook(deps: EngineDeps, id: string, stop: AbortSignal): Promise<void> {
  const look = await findLook(deps.db, id);
  if (look === null) return;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(LIMIT_MS)]);
  try {
    const run = await findRestore(deps.db, look.restoreId);
    if (run === null) return;
    const { database, live } = placesOf(run);
    const { tableSchema: schema, tableName: name } = look;
    const own = await depsOfSource(deps, run.sourceId);
    const ctx = { signal, log: deps.log, clock: deps.clock };
    const answer = isOfPath(own)
      ? await lookAtPath(own, ctx, run, { path: database, live })
      : await openRestoreServer(own.config).lookInto(
          ctx,
          database,
          live,
          schema === null || name === null ? null : { schema, name },
        );
    await answerLook(deps.db, id, answer);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) deps.log.warn('a look could not be answered', { error: thrown });
    const error = signal.aborted
      ? new AppError('timeout', 'looking took too long', { hint: 'Try again when the server is less busy.' })
      : toAppError(thrown);
    await answerLook(deps.db, id, error);
  }
}
