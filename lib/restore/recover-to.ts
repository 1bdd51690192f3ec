import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { humanBytes } from '../core/bytes.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { microsText } from '../core/micros.ts';
import { rowCount } from '../core/row-count.ts';
import type { Config } from '../platform/config.ts';
import type {
  DatabaseRead,
  RecoveryEnd,
  RecoveryOrder,
  RecoveryServer,
  RecoveryTarget,
} from '../sources/recovery-server.ts';
import { openRecoveryServer } from '../sources/registry.ts';
import type { Storage } from '../storage/storage.ts';
import type { VerifyContext } from '../verify/verify-run.ts';
import type { BaseArchive } from './base-archives.ts';
import { lastCommit } from './last-commit.ts';
import { findUnpackers, needRoomFor, unpackBase } from './unpack-base.ts';
import { checkSegment, readWalFolder, type WalFolder } from './wal-folder.ts';
import { cutWalPath, findWalPath, type WalPath } from './wal-path.ts';
import { describeTarget, needAfterBase, needReach, type SoundPath } from './wal-reach.ts';

const TELL_EVERY_MS = 2_000;

export interface RecoveryRequest {
  readonly storage: Storage;
  readonly base: BaseArchive;
  readonly walFolder: string;
  /** Null: the newest that goes on from the base archive. */
  readonly timeline: number | null;
  readonly target: RecoveryTarget;
  /** Empty or not there; becomes the data folder. */
  readonly folder: string;
  readonly port: number;
  readonly isDryRun: boolean;
  readonly keepsRunning: boolean;
}

export interface RecoveryReport {
  readonly end: RecoveryEnd;
  readonly databases: readonly DatabaseRead[];
  readonly version: string;
  readonly commands: ReturnType<RecoveryServer['commands']>;
}

/**
 * Brings a copy of a server to its target in a folder of its own; no other server is touched. All that can be known before is checked
 * before anything is unpacked. Null after a dry run. When it throws, no process is left, and nothing in the folder; only with
 * `verification_failed` does it stay, for those who want to look into it.
 */
export async function recoverTo(
  config: Config,
  request: RecoveryRequest,
  say: (line: string) => void,
  ctx: VerifyContext,
): Promise<RecoveryReport | null> {
  const { base, target, folder } = request;
  const { manifest } = base;
  const { wal: baseWal, server: copied } = manifest;
  await needEmpty(folder);
  needAfterBase(target, manifest);
  const wal = await readWalFolder(request.walFolder, baseWal.segmentBytes);
  const path = await soundPath(
    wal,
    findWalPath(wal, baseWal, request.timeline),
    copied.systemIdentifier,
    ctx,
  );
  const archived = [...path.inBase, ...path.segments];
  const server = await openRecoveryServer(config, ctx, Number.parseInt(copied.productVersion, 10));
  const last = await needReach(wal, path, target, server, ctx);
  await findUnpackers(config, base, ctx);
  const [oldest] = archived;
  if (oldest !== undefined) await server.needReadable(join(wal.path, oldest));
  const free = await needRoomFor(base, await nearest(folder));

  say(`base archive: ${manifest.archive}, ended ${manifest.endedAt}, PostgreSQL ${copied.productVersion}`);
  say(`log: ${describeLog(path, last)} in ${wal.path}`);
  say(`target: ${describeTarget(target)}, on timeline ${String(path.timeline)}`);
  say(
    `into: ${folder}, with ${humanBytes(free)} free for ${humanBytes(manifest.plain.bytes)} and what the log adds`,
  );
  if (request.isDryRun) return null;

  const claimed = await server.claim(folder);
  try {
    await unpack(config, request, server, say, ctx);
    const order: RecoveryOrder = {
      folder,
      superuser: copied.superuser,
      walFolder: wal.path,
      timeline: path.timeline,
      target,
      port: request.port,
    };
    const reached = await replay(server, order, archived, say, ctx);
    await server.settle(order);
    if (request.keepsRunning) await server.start(folder);
    return { ...reached, version: server.version, commands: server.commands(folder) };
  } catch (thrown) {
    const error = toAppError(ctx.signal.aborted ? ctx.signal.reason : thrown);
    if (error.code === 'verification_failed') say(`${folder} is kept, to be looked into`);
    else {
      await claimed.remove().then(
        () => {
          say(`what was unpacked into ${folder} was removed`);
        },
        () => {
          say(`what was unpacked into ${folder} could not be removed: remove it by hand, nothing uses it`);
        },
      );
    }
    throw error;
  }
}

async function needEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) return;
  throw new AppError('target_not_empty', `${folder} is not empty`, {
    hint: 'Name a folder that is empty or not there: nothing that exists is ever touched.',
  });
}

/** The folder, or the one that it will be made in. */
async function nearest(folder: string): Promise<string> {
  for (const each of [folder, dirname(folder)]) {
    const isThere = await stat(each).then(
      () => true,
      () => false,
    );
    if (isThere) return each;
  }
  throw new AppError('config', `there is no folder ${dirname(folder)} to make the data folder in`, {
    hint: 'Make it, so that the user of the server may enter it, or name another folder with --into.',
  });
}

/** As far as each segment is whole and of this server: one that is not keeps nobody from an instant before it. */
async function soundPath(
  wal: WalFolder,
  path: WalPath,
  systemIdentifier: string,
  ctx: VerifyContext,
): Promise<SoundPath> {
  for (const segment of path.inBase) await checkSegment(wal, segment, systemIdentifier);
  for (const [index, segment] of path.segments.entries()) {
    ctx.signal.throwIfAborted();
    try {
      await checkSegment(wal, segment, systemIdentifier);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { ...cutWalPath(path, index, wal.segmentBytes), flaw: error };
    }
  }
  return { ...path, flaw: null };
}

const describeLog = ({ segments }: WalPath, last: number | null): string =>
  segments.length === 0
    ? 'no segment after the base archive'
    : `${segments[0] ?? ''} to ${segments.at(-1) ?? ''}${last === null ? '' : `, the last transaction at ${microsText(last)}`}`;

async function unpack(
  config: Config,
  { storage, base, folder }: RecoveryRequest,
  server: RecoveryServer,
  say: (line: string) => void,
  ctx: VerifyContext,
): Promise<void> {
  say('unpacking the base archive');
  const total = base.manifest.stored.bytes;
  let saidAt = ctx.clock.now().getTime();
  await unpackBase(
    config,
    storage,
    base,
    { folder, identity: server.identity },
    (bytes) => {
      const now = ctx.clock.now().getTime();
      if (now - saidAt < TELL_EVERY_MS) return;
      saidAt = now;
      say(`unpacking: ${humanBytes(bytes)} of ${humanBytes(total)}`);
    },
    ctx,
  );
  say('its SHA-256 is that of its manifest');
  const isVerified = await server.verifyFiles(folder);
  say(
    isVerified
      ? 'pg_verifybackup: every file is as it was copied'
      : 'pg_verifybackup is not installed: the files were not checked one by one',
  );
}

/** Replays, and judges what came of it. The server has stopped when this returns. */
async function replay(
  server: RecoveryServer,
  order: RecoveryOrder,
  archived: readonly string[],
  say: (line: string) => void,
  ctx: VerifyContext,
): Promise<Pick<RecoveryReport, 'end' | 'databases'>> {
  say('replaying the log');
  const progress = tellReplay(server, order.walFolder, archived, say, ctx);
  await using recovered = await server.recover(order, progress.restored).finally(progress.over);
  const { end } = recovered;
  say(`stopped ${end.stoppedAt ?? 'at the end of the log'}`);
  if (end.lastMicros !== null)
    say(`the last transaction that was replayed ended at ${microsText(end.lastMicros)}`);
  needTarget(order.target, end);
  say('reading every table of every database to its end');
  const databases = await recovered.readEverything();
  for (const { database, tables, unchecked } of databases) {
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    say(
      `  ${database}: ${tables.length === 1 ? '1 table' : `${String(tables.length)} tables`}, ${rowCount(rows)}${unchecked === null ? ', pages and indexes sound' : `; ${unchecked}`}`,
    );
  }
  return { end, databases };
}

/** Tells, now and then, how far the replay has come. */
function tellReplay(
  { pgWaldump }: RecoveryServer,
  walFolder: string,
  archived: readonly string[],
  say: (line: string) => void,
  ctx: VerifyContext,
) {
  let saidAt = ctx.clock.now().getTime();
  let telling: Promise<void> | null = null;
  const tell = async (segment: string): Promise<void> => {
    const micros = pgWaldump === null ? null : await lastCommit(pgWaldump, walFolder, [segment], ctx);
    const at = archived.indexOf(segment) + 1;
    say(
      `replaying ${segment}, ${String(at)} of at most ${String(archived.length)}${micros === null ? '' : `, of ${microsText(micros)}`}`,
    );
  };
  return {
    restored: (segment: string): void => {
      const now = ctx.clock.now().getTime();
      if (telling !== null || now - saidAt < TELL_EVERY_MS) return;
      saidAt = now;
      telling = tell(segment)
        .catch(() => undefined)
        .finally(() => {
          telling = null;
        });
    },
    over: async (): Promise<void> => {
      await telling;
    },
  };
}

/** The server itself refuses to open before the target; this is what it said, held against what was asked for. */
function needTarget(target: RecoveryTarget, { stoppedAt, lastMicros }: RecoveryEnd): void {
  if (target.kind === 'latest') return;
  const isPast =
    target.kind === 'time' &&
    lastMicros !== null &&
    (lastMicros > target.micros || (target.isExclusive && lastMicros === target.micros));
  if (stoppedAt !== null && !isPast) return;
  throw new AppError('verification_failed', `the server did not stop at ${describeTarget(target)}`, {
    hint: 'Read what it said above; recover once more with --lsn or --xid, which name one record of the log.',
  });
}
