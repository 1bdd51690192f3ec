import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Actor } from '#lib/core/actor.ts';
import { systemClock } from '#lib/core/clock.ts';
import { AppError, toAppError } from '#lib/core/errors.ts';
import type { RunContext } from '#lib/core/run-context.ts';
import type { Config } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { openLiveTarget } from '#lib/sources/registry.ts';
import type { LiveTarget } from '#lib/sources/source.ts';
import { listDump } from '#lib/verify/list-dump.ts';
import { openArchive } from '#lib/verify/open-archive.ts';
import type { ArchivePlace } from '#lib/verify/opened-archive.ts';
import { checkRows, tellRows, type RowsChecked } from './restore-check.ts';
import { readContents, selectTables, tablesOf, type TableName } from '#lib/restore/dump-contents.ts';
import { guardTarget } from '#lib/restore/guard-target.ts';
import { restoreArguments } from '#lib/restore/restore-arguments.ts';
import { restoreInto } from '#lib/restore/restore-into.ts';
import { auditRestore } from './restore-audit.ts';
import { logRestore } from './restore-log.ts';
import { migrate, type MigrateSetting } from './restore-migrate.ts';
import type { RestoreOptions } from './restore-options.ts';
import { describeBackup, planRestore } from './restore-plan.ts';
import { confirm, type Prompt } from './restore-prompt.ts';
import { takeSafetyBackup } from './restore-safety.ts';
import { needBucket } from './typed-options.ts';

/** What a restore has to do with the world around it. */
export interface RestoreSetting {
  readonly config: Config;
  readonly actor: Actor;
  readonly migrate: MigrateSetting;
  readonly signal: AbortSignal;
  readonly prompt: Prompt;
  readonly say: (line: string) => void;
}

/** The archive, and what the person already said about it. */
export interface Chosen {
  readonly place: ArchivePlace;
  /** What people are told. */
  readonly label: string;
  /** It was chosen from the list and "YES" was typed. */
  readonly isConfirmed: boolean;
}

/** The JSON of a restore. */
export interface RestoreReport {
  readonly archive: string;
  readonly targetDatabase: string;
  readonly isDryRun: boolean;
  readonly creates: readonly string[];
  readonly replaces: readonly string[];
  readonly keeps: readonly string[];
  readonly safetyBackup: string | null;
  readonly tables: RowsChecked['tables'];
  readonly durationMs: number;
}

/** The backup could not be fetched: the script has an exit code of its own for that. */
export class DownloadFailed extends AppError {
  constructor(why: AppError) {
    super(why.code, why.message, { hint: why.hint, fields: why.fields, cause: why });
  }
}

const DOWNLOAD_CODES = new Set([
  'storage_unreachable',
  'storage_auth',
  'object_missing',
  'short_read',
  'timeout',
]);

/** An object in the bucket. Throws `config` where none is configured. */
export function s3Chosen(config: Config, key: string): Chosen {
  const { bucket } = needBucket(config, '--from-s3');
  return {
    place: { destination: 's3', key, path: null },
    label: `s3://${bucket}/${key}`,
    isConfirmed: false,
  };
}

/** BR-002 from the first check to the last. Throws an AppError that says in which state the target is. */
export async function runRestore(
  setting: RestoreSetting,
  options: RestoreOptions,
  chosen: Chosen,
): Promise<RestoreReport> {
  const { config } = setting;
  const database = options.targetDatabase ?? config.source.database;
  const workDir = mkdtempSync(join(tmpdir(), 'holdfast-restore-'));
  const ctx: RunContext = {
    runId: randomUUID(),
    signal: setting.signal,
    clock: systemClock,
    log: createLogger(options.isVerbose ? config.logLevel : 'error'),
    workDir,
    progress: () => undefined,
  };
  const startedAt = ctx.clock.now().getTime();
  try {
    guardTarget(config, database);
    const report = await restore(setting, options, chosen, openLiveTarget(config, database), ctx);
    if (options.isDryRun) return report;
    const took = `${(report.durationMs / 1000).toFixed(1)} s`;
    logRestore(config, `restored ${chosen.label} into ${database}: success after ${took}`);
    await auditRestore(config, setting.actor, auditOf(report));
    return report;
  } catch (thrown) {
    const error = toAppError(
      setting.signal.aborted && !(thrown instanceof AppError) ? setting.signal.reason : thrown,
    );
    if (!options.isDryRun) {
      const took = `${((ctx.clock.now().getTime() - startedAt) / 1000).toFixed(1)} s`;
      logRestore(
        config,
        `restore of ${chosen.label} into ${database}: ${error.message} [${error.code}] after ${took}`,
      );
    }
    throw error;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

/** The configuration under which storage finds a file that may lie anywhere. */
const configFor = (config: Config, { path }: ArchivePlace): Config =>
  path === null ? config : { ...config, localPath: dirname(path) };

const auditOf = (report: RestoreReport): Record<string, string | number> => ({
  filename: report.archive,
  targetDatabase: report.targetDatabase,
  tables: report.tables.length,
  safetyBackup: report.safetyBackup ?? '',
});

async function restore(
  setting: RestoreSetting,
  options: RestoreOptions,
  { place, label, isConfirmed }: Chosen,
  target: LiveTarget,
  ctx: RunContext,
): Promise<RestoreReport> {
  const { config, say, prompt } = setting;
  const { database } = target;
  const startedAt = ctx.clock.now().getTime();
  const state = await target.look(ctx);
  if (place.destination === 's3') say(`downloading ${label}`);
  const opened = await openArchive(
    configFor(config, place),
    place,
    { folder: ctx.workDir, serverMajor: state.major, ignoresManifest: options.ignoresManifest, say },
    ctx,
  ).catch((thrown: unknown) => {
    ctx.signal.throwIfAborted();
    const error = toAppError(thrown);
    throw place.destination === 's3' && DOWNLOAD_CODES.has(error.code) ? new DownloadFailed(error) : error;
  });
  const printed = await listDump(opened, ctx);
  const contents = readContents(printed);
  const tables: readonly TableName[] = opened.manifest?.facts.tables ?? tablesOf(contents);
  for (const line of describeBackup(label, opened, contents, tables)) say(line);
  if (options.isVerbose) for (const { line } of contents.entries) say(`  ${line}`);

  const selection =
    options.tables === null ? null : selectTables(contents, tables, options.tables, !state.exists);
  const at = `${database} at ${config.source.host}:${String(config.source.port)}`;
  const plan = planRestore(options, at, state, tables, selection);
  for (const line of plan.lines) say(line);
  const restored = selection?.tables ?? tables;
  const order = {
    content: options.content,
    noOwner: options.noOwner,
    list: selection?.list ?? null,
    tables: restored,
  };
  const args = await restoreArguments(
    order,
    state,
    opened.manifest,
    { target, jobs: config.verify.jobs, folder: ctx.workDir, contents },
    ctx,
  );
  if (args.includes('--no-acl')) say('grants are left out, because roles they name are not on this server');
  const wantsSafety = state.tables.length > 0 && options.takesSafetyBackup;
  const report: RestoreReport = {
    archive: label,
    targetDatabase: database,
    isDryRun: options.isDryRun,
    creates: plan.creates,
    replaces: plan.replaces,
    keeps: plan.keeps,
    safetyBackup: null,
    tables: [],
    durationMs: 0,
  };
  if (options.isDryRun) {
    if (wantsSafety) say(`a safety backup of ${database} would be taken first`);
    say('dry run: nothing was changed');
    return report;
  }
  if (!options.isForced && !isConfirmed) {
    await confirm(prompt, `Type the name of the database to restore into (${database}): `, database);
  }

  let safetyBackup: string | null = null;
  if (wantsSafety) {
    say(`taking a safety backup of ${database}`);
    safetyBackup = await takeSafetyBackup(config, database, ctx).catch((thrown: unknown) => {
      const error = toAppError(ctx.signal.aborted ? ctx.signal.reason : thrown);
      const what = ctx.signal.aborted ? error.message : `the safety backup failed: ${error.message}`;
      throw new AppError(error.code, `${what}; nothing was restored, and ${database} is as it was before`, {
        hint: error.hint,
        cause: error,
      });
    });
    say(`safety backup: ${safetyBackup}`);
  }
  say('restoring');
  await restoreInto(target, state, { opened, args, order, safetyBackup, say }, ctx);
  const checked = await checkRows(target, ctx, restored, opened.manifest, options.content === 'schema');
  tellRows(checked, opened.manifest, say);
  if (checked.differing.length > 0) {
    throw new AppError(
      'verification_failed',
      `${database} was restored, but its rows are not those of the backup`,
      {
        hint: `Somebody wrote to it meanwhile, or it was not restored completely: compare the tables named above.${safetyBackup === null ? '' : ` What was there before is in ${safetyBackup}.`}`,
      },
    );
  }
  await migrate(config, database, setting.migrate, say, ctx.signal);
  const durationMs = ctx.clock.now().getTime() - startedAt;
  say(`success: ${database} restored in ${(durationMs / 1000).toFixed(1)} s`);
  return { ...report, safetyBackup, tables: checked.tables, durationMs };
}
