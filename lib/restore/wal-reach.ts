import type { BaseManifest } from '../contracts/base-manifest.ts';
import { AppError } from '../core/errors.ts';
import { microsText, readMicros } from '../core/micros.ts';
import type { RunContext } from '../core/run-context.ts';
import { readLsn } from '../core/wal-names.ts';
import type { RecoveryServer, RecoveryTarget } from '../sources/recovery-server.ts';
import { lastCommit } from './last-commit.ts';
import type { WalFolder } from './wal-folder.ts';
import type { WalPath } from './wal-path.ts';

/** What people call a target. */
export function describeTarget(target: RecoveryTarget): string {
  const before = 'isExclusive' in target && target.isExclusive ? 'just before ' : '';
  switch (target.kind) {
    case 'time':
      return before + microsText(target.micros);
    case 'lsn':
      return `${before}position ${target.lsn}`;
    case 'xid':
      return `${before}transaction ${target.xid}`;
    case 'name':
      return `restore point "${target.name}"`;
    case 'latest':
      return 'the end of the log';
  }
}

/** Throws `invalid` for a target before the base archive can be recovered at all. */
export function needAfterBase(target: RecoveryTarget, { archive, endedAt, wal }: BaseManifest): void {
  const isBefore =
    (target.kind === 'time' && target.micros < (readMicros(endedAt) ?? 0)) ||
    (target.kind === 'lsn' && (readLsn(target.lsn) ?? 0n) < (readLsn(wal.end) ?? 0n));
  if (!isBefore) return;
  throw new AppError(
    'invalid',
    `${describeTarget(target)} lies before the end of ${archive}: ${endedAt}, at ${wal.end}`,
    { hint: 'Name an older base archive with --from, or a later target; --list shows what there is.' },
  );
}

const gap = (missing: string, target: RecoveryTarget, wal: WalFolder): AppError =>
  new AppError(
    'not_found',
    `segment ${missing} is missing in ${wal.path}, on the way to ${describeTarget(target)}`,
    {
      hint: 'Look for it where that folder is copied to, and in pg_wal of the server; a base archive from after it needs it no more.',
      fields: { segment: missing },
    },
  );

/** A way through the log, as far as each segment is whole. */
export interface SoundPath extends WalPath {
  /** What is wrong with the segment after the last one; null where nothing is. */
  readonly flaw: AppError | null;
}

/**
 * Throws `not_found` where the log does not lead to the target, naming the segment that is missing or where the log ends, or the flaw
 * of the segment on the way. Returns the last instant in it, in microseconds; null where that could not be told.
 */
export async function needReach(
  wal: WalFolder,
  path: SoundPath,
  target: RecoveryTarget,
  server: Pick<RecoveryServer, 'pgWaldump'>,
  ctx: Pick<RunContext, 'signal'>,
): Promise<number | null> {
  const last =
    server.pgWaldump === null ? null : await lastCommit(server.pgWaldump, wal.path, path.segments, ctx);
  if (target.kind === 'lsn' && (readLsn(target.lsn) ?? 0n) < path.reach) return last;
  // The server stops at the first transaction after the instant, so there must be one.
  if (target.kind === 'time' && last !== null && last > target.micros) return last;
  if (path.flaw !== null) throw path.flaw;
  if (path.missing !== null) throw gap(path.missing, target, wal);
  const isShort =
    target.kind === 'lsn' ||
    (target.kind === 'time' && (server.pgWaldump !== null || path.segments.length === 0));
  if (!isShort) return last;
  const end =
    last === null
      ? 'which holds no transaction after the base archive'
      : `whose last transaction ended at ${microsText(last)}`;
  throw new AppError(
    'not_found',
    `${describeTarget(target)} lies after the newest log in ${wal.path} (${path.segments.at(-1) ?? 'no segment'}), ${end}`,
    {
      hint: 'While the server still runs, "select pg_switch_wal()" archives its newest segment. With --latest all there is gets recovered.',
    },
  );
}
