import { CHANGED_CHECK } from '../contracts/restore.ts';
import { AppError, toAppError, runErrorOf } from '../core/errors.ts';
import { rowCount } from '../core/row-count.ts';
import { undoneSchema } from '../core/side-schema.ts';
import { openTablesTarget } from '../sources/registry.ts';
import type { SourceContext } from '../sources/source.ts';
import type { ChangedTable, TablesUndoResult } from '../sources/tables-target.ts';
import type { RestoreRecord, RestoreResult } from '#db/queries/restore.ts';
import type { HeldRestore } from './held-restore.ts';
import { withHooks } from './hooks.ts';
import { askUntilAnswered, tablesPlaceOf } from './restore-tables.ts';

type Result = Omit<RestoreResult, 'log'>;

/** The same for whoever looks at the row, also after a crash. */
function placesOf(run: RestoreRecord): { readonly keepSchema: string; readonly undoneSchema: string } {
  const { keepSchema } = tablesPlaceOf(run);
  return { keepSchema, undoneSchema: undoneSchema(run.undoRequestedAt ?? run.createdAt) };
}

const notUndone = (error: NonNullable<RestoreResult['error']>): Result => ({
  status: 'COMPLETED',
  error,
  takesRequestBack: true,
});

/**
 * Puts the rows back that were replaced; what was restored is kept in a schema `undone_…`. What stopped it is a result too, the live
 * tables as they were. Throws only where the server does not say whether it was done: recovery asks again then.
 */
export async function undoTables(restore: HeldRestore): Promise<Result> {
  const { deps, run, ctx, say } = restore;
  const { id, targetDatabase: live, undoAcceptsChanges: acceptsChanges } = run;
  const places = placesOf(run);
  restore.forget(CHANGED_CHECK);
  let result: TablesUndoResult;
  try {
    ctx.signal.throwIfAborted();
    result = await withHooks(restore, async () => {
      restore.enter('finishing');
      await restore.note({ phase: 'finishing' });
      return openTablesTarget(deps.config).undo(
        ctx,
        { id, live, ...places, acceptsChanges },
        ({ schema, name }, tablesDone, tableCount) => {
          const table = `${schema}.${name}`;
          restore.moved({ phase: 'finishing', table, tablesDone, tableCount, fraction: 0.98 });
        },
        say,
      );
    });
  } catch (thrown) {
    // The answer to a commit may be lost.
    const isDone = await askUntilAnswered(restore, (calm) => isUndone(deps, run, calm), placesWords(run));
    if (!isDone) {
      say(`the tables of ${live} are as the restore left them`);
      const error = runErrorOf(ctx.signal.aborted ? ctx.signal.reason : thrown);
      if (error.code === 'bug') ctx.log.error('the undo met an unknown error', { error: thrown });
      return notUndone(error);
    }
    say('the rows from before are back');
    return { status: 'COMPLETED', error: null, undoneAt: 'now' };
  }
  if (result.state === 'changed') {
    for (const table of result.tables) restore.found(changedCheck(table));
    return notUndone(changedError(result.tables, places.undoneSchema));
  }
  for (const { schema, name, rows, before, sideName } of result.tables) {
    say(
      `${schema}.${name}: ${rowCount(rows)} from before are back; ${rowCount(before)} that stood there kept in ${places.undoneSchema}.${sideName}`,
    );
  }
  return { status: 'COMPLETED', error: null, undoneAt: 'now' };
}

const placesWords = (run: RestoreRecord): { readonly message: string; readonly hint: string } => ({
  message: `the server does not say whether the rows from before are back in ${run.targetDatabase}`,
  hint: `They are where it has the schema ${placesOf(run).undoneSchema}; without it everything is as the restore left it.`,
});

const changedCheck = ({ schema, name, leftRows, liveRows }: ChangedTable) =>
  ({
    name: `${CHANGED_CHECK}${schema}.${name}`,
    verdict: 'UNKNOWN',
    isRequired: false,
    expected: rowCount(leftRows),
    found: leftRows === liveRows ? `${rowCount(liveRows)}, not the same ones` : rowCount(liveRows),
    reason: 'something was written since the restore, so it was not undone',
    durationMs: 0,
  }) as const;

function changedError(tables: readonly ChangedTable[], schema: string): NonNullable<RestoreResult['error']> {
  const names = tables.slice(0, 5).map(({ schema: place, name }) => `${place}.${name}`);
  return runErrorOf(
    new AppError('target_changed', `rows were written since this restore: ${names.join(', ')}`, {
      hint: `Nothing was touched. Ask again and accept it, and what stands there now is put into a schema like ${schema}.`,
    }),
  );
}

async function isUndone(deps: HeldRestore['deps'], run: RestoreRecord, ctx: SourceContext): Promise<boolean> {
  const { isDone } = await openTablesTarget(deps.config).settle(ctx, {
    id: run.id,
    live: run.targetDatabase,
    sideSchema: tablesPlaceOf(run).sideSchema,
    keepSchema: placesOf(run).undoneSchema,
  });
  return isDone;
}

/** What became of an undo whose worker died: the schema that it makes tells. */
export async function mendUndoneTables(
  deps: HeldRestore['deps'],
  run: RestoreRecord,
  ctx: SourceContext,
): Promise<Result> {
  let isDone = false;
  try {
    isDone = await isUndone(deps, run, ctx);
  } catch (thrown) {
    // Somebody has dropped the database meanwhile: nothing is left to be undone.
    if (toAppError(thrown).fields['reason'] !== '3D000') throw thrown;
  }
  if (isDone) return { status: 'COMPLETED', error: null, undoneAt: 'now' };
  return notUndone({
    code: 'interrupted',
    message: `the worker died before the undo was done; the tables of ${run.targetDatabase} are as the restore left them`,
    hint: 'Ask for it again.',
  });
}
