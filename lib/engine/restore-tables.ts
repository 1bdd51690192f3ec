import type { Check } from '../contracts/verification.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { rowCount } from '../core/row-count.ts';
import { sideSchemas } from '../core/side-schema.ts';
import type { CopyOrder, CopyPorts } from '../restore/restore-order.ts';
import { runTables, type TablesPlace, type TablesResult } from '../restore/run-tables.ts';
import { openTablesTarget } from '../sources/registry.ts';
import type { SourceContext } from '../sources/source.ts';
import type { BroughtTable } from '../sources/tables-target.ts';
import type { RestoreRecord, RestoreResult } from '#db/queries/restore.ts';
import type { HeldRestore } from './held-restore.ts';
import { withHooks } from './hooks.ts';

type Result = Omit<RestoreResult, 'log'>;

const SETTLE_MS = 30_000;
const SETTLE_ATTEMPTS = 4;
const SETTLE_PAUSE_MS = 5_000;

/** The server does not say whether the tables came in: the copy stays noted, so that recovery asks again. */
export class UnsettledTables extends AppError {}

/** The same for whoever looks at the row, also after a crash: nothing else tells what a dead worker was about to make. */
export function tablesPlaceOf({ plan, createdAt }: Pick<RestoreRecord, 'plan' | 'createdAt'>): TablesPlace {
  const into = plan.tablesInto ?? 'side-schema';
  const { side, keep } = sideSchemas(into, createdAt);
  return { into, sideSchema: side, keepSchema: keep };
}

/**
 * Brings chosen tables into the live database: all of them or none. Throws what stopped it, the live tables as before; the copy is for
 * the caller to drop, in either case.
 */
export async function restoreTables(
  restore: HeldRestore,
  order: CopyOrder,
  noteCopy: CopyPorts['noteCopy'],
): Promise<Result> {
  const { deps, run, ctx, say } = restore;
  const place = tablesPlaceOf(run);
  let result: TablesResult | null = null;
  try {
    result = await runTables(
      deps.config,
      order,
      place,
      {
        moved: restore.moved,
        found: restore.found,
        say,
        noteCopy,
        withHooks: (act) => withHooks(restore, act),
      },
      ctx,
    );
  } catch (thrown) {
    // The answer to a commit may be lost, and what was staged must go.
    const { targetDatabase } = run;
    const isDone = await askUntilAnswered(restore, (calm) => isBrought(restore, calm), {
      message: `the server does not say whether the tables came into ${targetDatabase}`,
      hint: `They all did where it has the schema ${place.keepSchema}; without it everything is as before.`,
    });
    if (!isDone) throw ctx.signal.aborted ? ctx.signal.reason : thrown;
  }
  for (const table of result?.brought ?? []) {
    restore.found(broughtCheck(table, place));
    say(`${table.schema}.${table.name}: ${wordsOf(table, place)}`);
  }
  return {
    status: 'COMPLETED',
    error: null,
    proven: true,
    ...(result === null ? {} : { restoreMs: result.restoreMs }),
  };
}

/** Whether it was done, asked more than once. Throws UnsettledTables with these words where the server does not say. */
export async function askUntilAnswered(
  { ctx }: Pick<HeldRestore, 'ctx'>,
  ask: (ctx: SourceContext) => Promise<boolean>,
  { message, hint }: { readonly message: string; readonly hint: string },
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask({ ...ctx, signal: AbortSignal.timeout(SETTLE_MS) });
    } catch (thrown) {
      ctx.log.warn('whether tables were brought in could not be asked yet', { error: thrown });
      if (attempt < SETTLE_ATTEMPTS) {
        await ctx.clock.sleep(SETTLE_PAUSE_MS);
        continue;
      }
      throw new UnsettledTables('source_unreachable', message, { hint, cause: thrown });
    }
  }
}

async function isBrought(
  { deps, run }: Pick<HeldRestore, 'deps' | 'run'>,
  ctx: SourceContext,
): Promise<boolean> {
  const { sideSchema, keepSchema } = tablesPlaceOf(run);
  const { isDone } = await openTablesTarget(deps.config).settle(ctx, {
    id: run.id,
    live: run.targetDatabase,
    sideSchema,
    keepSchema,
  });
  return isDone;
}

/** What became of one whose worker died: everything, or null for nothing; what was staged is gone then. */
export async function mendTables(
  deps: HeldRestore['deps'],
  run: RestoreRecord,
  ctx: SourceContext,
): Promise<Result | null> {
  try {
    return (await isBrought({ deps, run }, ctx)) ? { status: 'COMPLETED', error: null, proven: true } : null;
  } catch (thrown) {
    // Somebody has dropped the database meanwhile: nothing is left to be mended.
    if (toAppError(thrown).fields['reason'] === '3D000') return null;
    throw thrown;
  }
}

function wordsOf(
  { rows, before, added, refused, wasCreated, sideName }: BroughtTable,
  place: TablesPlace,
): string {
  const kept = `${place.keepSchema}.${sideName}`;
  if (place.into === 'side-schema') return `${rowCount(rows)} in ${kept}`;
  if (wasCreated) return `${rowCount(rows)} in a table that was not there`;
  if (place.into === 'replace') return `${rowCount(rows)}; ${rowCount(before)} from before kept in ${kept}`;
  const out = refused === 0 ? '' : `, ${rowCount(refused)} kept out by another unique key`;
  return `${rowCount(added)} added, ${rowCount(before)} there already${out}; the keys of those added are in ${kept}`;
}

const broughtCheck = (table: BroughtTable, place: TablesPlace): Check => ({
  name: `brought:${table.schema}.${table.name}`,
  verdict: 'PASSED',
  isRequired: true,
  expected: rowCount(table.rows),
  found: wordsOf(table, place),
  reason: null,
  durationMs: 0,
});
