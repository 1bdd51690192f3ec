import { humanBytes } from '#lib/core/bytes.ts';
import { AppError } from '#lib/core/errors.ts';
import { microsText } from '#lib/core/micros.ts';
import type { Config } from '#lib/platform/config.ts';
import type { BaseArchive } from '#lib/restore/base-archives.ts';
import { lastCommit } from '#lib/restore/last-commit.ts';
import { readWalFolder } from '#lib/restore/wal-folder.ts';
import { findWalPath, firstSegmentOf } from '#lib/restore/wal-path.ts';
import { openRecoveryServer } from '#lib/sources/registry.ts';
import type { VerifyContext } from '#lib/verify/verify-run.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** How far the log leads from a base archive, in words. */
async function reachOf(
  config: Config,
  { manifest }: BaseArchive,
  timeline: number | null,
  ctx: VerifyContext,
): Promise<string> {
  if (config.walPath === null) return 'no folder with the log was named (--wal or BACKUP_WAL_PATH)';
  const wal = await readWalFolder(config.walPath, manifest.wal.segmentBytes);
  const path = findWalPath(wal, manifest.wal, timeline);
  const major = Number.parseInt(manifest.server.productVersion, 10);
  const { pgWaldump } = await openRecoveryServer(config, ctx, major);
  const last = pgWaldump === null ? null : await lastCommit(pgWaldump, wal.path, path.segments, ctx);
  const until =
    path.segments.length === 0
      ? 'its own end, for no later segment is kept'
      : last === null
        ? `the end of ${path.segments.at(-1) ?? ''}`
        : microsText(last);
  return `recoverable to any instant from ${manifest.endedAt} to ${until}${path.missing === null ? '' : `; after that ${path.missing} is missing`}`;
}

/** Prints the base archives, the newest first, and what can be reached from each. */
export async function listReaches(
  config: Config,
  bases: readonly BaseArchive[],
  timeline: number | null,
  ctx: VerifyContext,
): Promise<void> {
  if (bases.length === 0) print('there is no base archive; take one with base-backup.sh');
  for (const base of bases) {
    const { manifest } = base;
    print(
      `${base.key}  ${humanBytes(manifest.stored.bytes)}, unpacked ${humanBytes(manifest.plain.bytes)}, PostgreSQL ${manifest.server.productVersion}, needs the log from ${firstSegmentOf(manifest.wal)}`,
    );
    const reach = await reachOf(config, base, timeline, ctx).catch((error: unknown) => {
      ctx.signal.throwIfAborted();
      if (error instanceof AppError) return `unknown: ${error.message}`;
      throw error;
    });
    print(`  ${reach}`);
  }
}
