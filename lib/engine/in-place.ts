import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OBJECT_KINDS } from '../contracts/facts.ts';
import type { Manifest } from '../contracts/manifest.ts';
import type { RestorePlan } from '../contracts/restore.ts';
import type { Check } from '../contracts/verification.ts';
import { humanBytes } from '../core/bytes.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { readContents } from '../restore/dump-contents.ts';
import { openBackup, type OpenedBackup } from '../restore/open-backup.ts';
import { restoreArguments, type LiveOrder } from '../restore/restore-arguments.ts';
import { isAsBefore, LiveRestoreStopped, restoreInto } from '../restore/restore-into.ts';
import type { CopyOrder } from '../restore/restore-order.ts';
import { unprovenOf, withoutRows } from '../restore/run-copy.ts';
import { COMPARED, createRestoreMeter, DECODED, RESTORED } from '../restore/run-progress.ts';
import { openLiveTarget, openRestoreServer } from '../sources/registry.ts';
import type { LiveTarget, SourceContext, TargetState } from '../sources/source.ts';
import { listDump } from '../verify/list-dump.ts';
import { findManifest } from '#db/queries/backup.ts';
import type { RestoreRecord, RestoreResult } from '#db/queries/restore.ts';
import type { HeldRestore } from './held-restore.ts';
import { withHooks } from './hooks.ts';
import { persist } from './persist.ts';
import { takeSafetyBackup, type SafetyBackup } from './safety-backup.ts';
import { waitForBackups } from './wait-for-backups.ts';

type Result = Omit<RestoreResult, 'log'>;

/** While its verdict is UNKNOWN, `found` is how the target was marked before: a crash leaves that to tell by. */
const TRANSACTION = 'one-transaction';

const orderOf = (plan: RestorePlan, { facts }: Manifest): LiveOrder => ({
  content: plan.schemaOnly ? 'schema' : plan.dataOnly ? 'data' : 'all',
  noOwner: plan.noOwner,
  list: null,
  tables: facts.tables.filter(({ kind }) => kind !== 'foreign'),
});

/**
 * `pg_restore --clean --if-exists` over the live database, in one transaction, after a safety backup and once each byte of the
 * archive was found to be what was backed up. Throws what stopped it before or in it: the database is as before then, or the error says otherwise. Once the
 * transaction is done nothing stops it any more, and what could not be compared is told in the report.
 */
export async function restoreInPlace(
  restore: HeldRestore,
  order: Pick<CopyOrder, 'place' | 'recorded'>,
): Promise<Result> {
  const { deps, run, ctx, say } = restore;
  const { config } = deps;
  const folder = join(config.verify.dir, `restore-${run.id}`);
  try {
    restore.enter('decoding');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const opened = await openBackup(config, order, folder, restore, ctx);
    const { manifest } = opened;
    say(`decoded: ${humanBytes(manifest.plain.bytes)} of dump`);
    const target = openLiveTarget(config, run.targetDatabase);
    const live = orderOf(run.plan, manifest);
    const state = await target.look(ctx);
    if (!state.exists) throw new AppError('conflict', `there is no database ${run.targetDatabase}`);
    const printed = await listDump(opened, ctx);
    const where = { target, jobs: config.verify.jobs, folder, contents: readContents(printed) };
    const args = await restoreArguments(live, state, manifest, where, ctx);
    if (args.includes('--no-acl')) say('grants are left out, because roles they name are not on this server');
    const safety = await takeSafetyBackup(restore);
    await waitForBackups(restore);
    ctx.signal.throwIfAborted();
    return await withHooks(restore, () =>
      replace(restore, { opened, printed, args, live, target, state, safety }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
      ctx.log.warn('could not remove what a restore left', { folder, error });
    });
  }
}

interface Replacement {
  readonly opened: OpenedBackup;
  /** What `pg_restore --list --verbose` printed. */
  readonly printed: string;
  readonly args: readonly string[];
  readonly live: LiveOrder;
  readonly target: LiveTarget;
  readonly state: TargetState;
  readonly safety: SafetyBackup;
}

/** The transaction, and the comparison of what it left. */
async function replace(
  restore: HeldRestore,
  { opened, printed, args, live, target, state, safety }: Replacement,
): Promise<Result> {
  const { run, ctx, say } = restore;
  const { manifest } = opened;
  const startedAt = ctx.clock.now().getTime();
  restore.found(
    transaction('UNKNOWN', await target.mark(ctx, live.tables), 'it is not known yet how it ended'),
  );
  restore.enter('restoring');
  await restore.note({ phase: 'restoring' });
  ctx.log.info('about to restore over the live database', { database: run.targetDatabase });
  try {
    const tell = meterOf(restore, manifest, printed);
    const work = { opened, args, order: live, safetyBackup: safety.filename, say, tell };
    await restoreInto(target, state, work, ctx);
  } catch (thrown) {
    // Its answer may be lost although it was done.
    if (!(thrown instanceof LiveRestoreStopped) || thrown.isUndone !== false) {
      if (thrown instanceof LiveRestoreStopped && thrown.isUndone === true)
        restore.found(transaction('UNKNOWN', null, 'it was rolled back: everything is as it was before'));
      throw thrown;
    }
    say(thrown.message);
  }
  const restoreMs = ctx.clock.now().getTime() - startedAt;
  say(`restored in ${String(Math.round(restoreMs / 100) / 10)} s`);
  restore.found(transaction('PASSED', `everything was replaced at once`, null));
  const proven = await compare(restore, manifest);
  restore.moved({ ...still(manifest), phase: 'finishing', fraction: COMPARED });
  return { status: 'COMPLETED', error: null, proven, restoreMs };
}

const transaction = (verdict: Check['verdict'], found: string | null, reason: string | null): Check => ({
  name: TRANSACTION,
  verdict,
  isRequired: false,
  expected: null,
  found,
  reason,
  durationMs: 0,
});

const still = ({ facts }: Manifest) => ({
  table: null,
  tablesDone: facts.tableCount,
  tableCount: facts.tableCount,
});

function meterOf({ moved }: HeldRestore, { facts }: Manifest, printed: string): (line: string) => void {
  const meter = createRestoreMeter(facts.tables, printed);
  return (line) => {
    meter.tell(line);
    const { table, tablesDone, tableCount, fraction } = meter;
    moved({
      phase: 'restoring',
      table,
      tablesDone,
      tableCount,
      fraction: DECODED + (RESTORED - DECODED) * fraction,
    });
  };
}

/** Whether every fact agreed of a backup that was restored whole. What else the database holds stays, and is no fault. */
async function compare(restore: HeldRestore, manifest: Manifest): Promise<boolean> {
  const { deps, run, ctx, say } = restore;
  const { facts, options } = manifest;
  const { schemaOnly, dataOnly, noOwner } = run.plan;
  restore.moved({ ...still(manifest), phase: 'comparing', fraction: RESTORED });
  const owners = 'the restore was asked to leave owners and grants out';
  const kinds = 'the restore was asked for the rows alone';
  try {
    const checks = await openRestoreServer(deps.config).compare(
      ctx,
      run.targetDatabase,
      schemaOnly ? withoutRows(facts) : facts,
      {
        isChosen: options.tables !== null,
        isSchemaOnly: schemaOnly || options.schemaOnly,
        keepsOthers: true,
        incomparable: {
          database: 'the live database keeps the properties it has',
          ...(noOwner ? { owners, grants: owners, 'default-privileges': owners } : {}),
          ...(schemaOnly ? { 'materialized-views': 'the restore was asked to leave the rows out' } : {}),
          ...(dataOnly ? Object.fromEntries(OBJECT_KINDS.map((kind) => [kind, kinds])) : {}),
        },
      },
    );
    for (const check of checks) restore.found(check);
    return unprovenOf(checks).length === 0 && !schemaOnly && !dataOnly;
  } catch (thrown) {
    const { message } = toAppError(ctx.signal.aborted ? ctx.signal.reason : thrown);
    say(`not compared: ${message}`);
    restore.found(notCompared(message));
    return false;
  }
}

const notCompared = (reason: string): Check => ({
  name: 'comparison',
  verdict: 'UNKNOWN',
  isRequired: true,
  expected: null,
  found: null,
  reason,
  durationMs: 0,
});

/** What became of one whose worker died: nothing, or everything; null where it had not begun. */
export async function mendInPlace(
  deps: HeldRestore['deps'],
  run: RestoreRecord,
  ctx: SourceContext,
): Promise<Result | null> {
  const before = run.checks.find(({ name, verdict }) => name === TRANSACTION && verdict === 'UNKNOWN')?.found;
  if (before === undefined || before === null) return null;
  const manifest = await persist(deps, 'manifest', () => findManifest(deps.db, run.backupId));
  if (manifest === null || manifest === undefined) {
    throw new AppError('conflict', 'the backup has no manifest in the catalogue any more');
  }
  const target: LiveTarget = openLiveTarget(deps.config, run.targetDatabase);
  const isUndone = await isAsBefore(target, before, orderOf(run.plan, manifest), ctx);
  if (isUndone) return null;
  const others = run.checks.filter(({ name }) => name !== TRANSACTION);
  return {
    status: 'COMPLETED',
    error: null,
    proven: false,
    checks: [
      ...others,
      transaction('PASSED', 'everything was replaced at once', null),
      notCompared('the worker died before it could be compared'),
    ],
  };
}
