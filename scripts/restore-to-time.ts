import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { dirname, basename } from 'node:path';
import type { BaseArchive } from '#lib/restore/base-archives.ts';
import { listBases, readBase } from '#lib/restore/base-archives.ts';
import { recoverTo, type RecoveryReport } from '#lib/restore/recover-to.ts';
import { describeTarget } from '#lib/restore/wal-reach.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { systemClock } from '#lib/core/clock.ts';
import { AppError, toAppError } from '#lib/core/errors.ts';
import { microsText, readMicros } from '#lib/core/micros.ts';
import { readLsn } from '#lib/core/wal-names.ts';
import { shellWord } from '#lib/core/shell-word.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import type { RecoveryTarget } from '#lib/sources/recovery-server.ts';
import { loadStorage } from '#lib/storage/load-storage.ts';
import type { Storage } from '#lib/storage/storage.ts';
import type { VerifyContext } from '#lib/verify/verify-run.ts';
import { loadEnvironment, ROOT } from './load-env.ts';
import { printError } from './print-error.ts';
import { EXIT_DOWNLOAD, restoreExitOf } from './restore-exit.ts';
import { logRestore } from './restore-log.ts';
import { listReaches } from './restore-to-time-list.ts';
import { HELP, readRecoveryOptions, type RecoveryOptions } from './restore-to-time-options.ts';
import { say } from './say.ts';
import { stopAtSignal } from './stop-at-signal.ts';

const DOWNLOAD_CODES = new Set(['storage_unreachable', 'storage_auth', 'short_read', 'timeout']);

function readConfig(options: RecoveryOptions): Config {
  loadEnvironment();
  process.chdir(ROOT);
  const config = parseConfig({
    ...process.env,
    ...(options.bucket === null ? {} : { BACKUP_S3_BUCKET: options.bucket }),
    ...(options.identity === null ? {} : { BACKUP_AGE_IDENTITY_FILE: options.identity }),
  });
  const isFile = options.from !== null && !options.isInS3;
  return {
    ...config,
    walPath: options.wal ?? config.walPath,
    localPath: isFile ? dirname(options.from) : config.localPath,
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new AppError('restore_failed', 'no port of 127.0.0.1 is free'));
      });
    });
  });
}

/** The one that was named, or the newest one that ended before the target. */
async function chooseBase(
  options: RecoveryOptions,
  target: RecoveryTarget,
  storage: Storage,
  ctx: VerifyContext,
): Promise<BaseArchive> {
  if (options.from !== null)
    return readBase(storage, options.isInS3 ? options.from : basename(options.from), ctx);
  const bases = await listBases(storage, storage.kind, tellFlaw, ctx);
  const fits = ({ manifest }: BaseArchive): boolean =>
    target.kind === 'time'
      ? (readMicros(manifest.endedAt) ?? Infinity) <= target.micros
      : target.kind !== 'lsn' || (readLsn(manifest.wal.end) ?? 0n) <= (readLsn(target.lsn) ?? 0n);
  const base = bases.find(fits);
  if (base !== undefined) return base;
  const oldest = bases.at(-1)?.manifest;
  throw new AppError(
    'not_found',
    oldest === undefined
      ? 'there is no base archive'
      : `no base archive ended before ${describeTarget(target)}; the oldest, ${oldest.archive}, ended at ${oldest.endedAt}`,
    {
      hint:
        oldest === undefined
          ? 'Take one with base-backup.sh, or name where they lie with --from or --s3.'
          : 'Restore a dump of an older day with restore.sh instead, or name a later target.',
    },
  );
}

const tellFlaw = (error: AppError): void => {
  say(`passed over: ${error.message}`);
};

function tellReport(
  { databases, version, commands, end }: RecoveryReport,
  options: RecoveryOptions,
  base: BaseArchive,
  port: number,
  tookMs: number,
): void {
  const { into } = options;
  const until =
    end.lastMicros === null ? 'no transaction after the base archive' : microsText(end.lastMicros);
  say(
    `success: PostgreSQL ${version} in ${into}, recovered up to ${until} in ${(tookMs / 1000).toFixed(1)} s`,
  );
  const user = base.manifest.server.superuser;
  const database = databases.find(({ tables }) => tables.length > 0)?.database ?? 'postgres';
  const connect = `-h ${shellWord(into)} -p ${String(port)} -U ${shellWord(user)}`;
  const lines = [
    options.keepsRunning
      ? `it runs on 127.0.0.1:${String(port)}; stop it with`
      : 'it has stopped; start it with',
    `  ${options.keepsRunning ? commands.stop : commands.start}`,
    ...(options.keepsRunning ? [] : [`  and stop it with: ${commands.stop}`]),
    `look into it: psql ${connect} ${shellWord(database)}`,
    `take one table out of it: pg_dump ${connect} -Fc -t TABLE -f table.dump ${shellWord(database)}`,
    'let it take the place of the server: stop the application and the old server, put postgresql.auto.conf.before_recovery back as',
    `  postgresql.auto.conf, start ${into} with the configuration of the old server, and take a new base backup`,
  ];
  for (const line of lines) say(line);
}

async function run(options: RecoveryOptions): Promise<void> {
  const config = readConfig(options);
  using stopping = stopAtSignal('the recovery was stopped', 'Start it again when it suits.');
  const ctx: VerifyContext = {
    runId: randomUUID(),
    signal: stopping.signal,
    clock: systemClock,
    log: createLogger('error'),
  };
  const storage = await loadStorage(config, options.isInS3 ? 's3' : 'local');
  const { target } = options;
  try {
    if (target === null) {
      const bases =
        options.from === null
          ? await listBases(storage, storage.kind, tellFlaw, ctx)
          : [await chooseBase(options, { kind: 'latest' }, storage, ctx)];
      await listReaches(config, bases, options.timeline, ctx);
      return;
    }
    if (config.walPath === null) {
      throw new AppError('config', 'no folder with the write-ahead log was named', {
        hint: 'Name it with --wal, or in BACKUP_WAL_PATH.',
        fields: { variable: 'BACKUP_WAL_PATH' },
      });
    }
    await recover(config, config.walPath, options, target, storage, ctx);
  } finally {
    await storage.close();
  }
}

async function recover(
  config: Config,
  walFolder: string,
  options: RecoveryOptions,
  target: RecoveryTarget,
  storage: Storage,
  ctx: VerifyContext,
): Promise<void> {
  const startedAt = systemClock.now().getTime();
  const base = await chooseBase(options, target, storage, ctx);
  const port = options.port ?? (await freePort());
  const what = `recovery of ${base.manifest.archive} to ${describeTarget(target)} into ${options.into}`;
  const took = (): number => systemClock.now().getTime() - startedAt;
  try {
    const report = await recoverTo(
      config,
      {
        storage,
        base,
        walFolder,
        timeline: options.timeline,
        target,
        folder: options.into,
        port,
        isDryRun: options.isDryRun,
        keepsRunning: options.keepsRunning,
      },
      say,
      ctx,
    );
    if (report === null) {
      say(`dry run: nothing was changed; ${humanBytes(base.manifest.stored.bytes)} would be read`);
      return;
    }
    tellReport(report, options, base, port, took());
    logRestore(config, `${what}: success after ${(took() / 1000).toFixed(1)} s`);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (!options.isDryRun) {
      logRestore(config, `${what}: ${error.message} [${error.code}] after ${(took() / 1000).toFixed(1)} s`);
    }
    throw error;
  }
}

let isInS3 = false;
try {
  const options = readRecoveryOptions(process.argv.slice(2));
  isInS3 = options?.isInS3 ?? false;
  if (options === null) process.stdout.write(HELP);
  else await run(options);
} catch (thrown) {
  const error = toAppError(thrown);
  printError(error);
  process.exitCode = isInS3 && DOWNLOAD_CODES.has(error.code) ? EXIT_DOWNLOAD : restoreExitOf(error);
}
