import type { Destination } from '../contracts/backup.ts';
import type { LogBase, LogStretch } from '../contracts/log.ts';
import type { RunContext } from '../core/run-context.ts';
import type { BaseArchive } from './base-archives.ts';
import { lastCommit } from './last-commit.ts';
import { checkSegment, readWalFolder, type WalFolder } from './wal-folder.ts';
import { findWalPath, type WalPath } from './wal-path.ts';

/** A server at rest archives segments without a transaction; looking into all of them would take minutes. */
const SEGMENTS_READ = 8;

/** A base archive, and where it lies. */
export interface StoredBase extends BaseArchive {
  readonly destination: Destination;
}

interface Way {
  readonly base: StoredBase;
  readonly wal: WalFolder;
  readonly path: WalPath;
}

const shown = ({ destination, key, manifest: { endedAt, stored, encryption } }: StoredBase): LogBase => ({
  destination,
  key,
  endedAt,
  storedBytes: stored.bytes,
  isEncrypted: encryption !== null,
});

const endOf = ({ path }: Way): string => `${String(path.timeline)} ${String(path.reach)}`;

/**
 * From when to when the log leads on from these base archives of one server, the newest stretch first: archives from which it leads
 * to the same end make one. `pgWaldump` null: nobody can tell when the last transaction was. Throws `config` for a folder that cannot be
 * read, and what `checkSegment` throws of the newest segment.
 */
export async function logStretches(
  walFolder: string,
  bases: readonly StoredBase[],
  pgWaldump: string | null,
  ctx: Pick<RunContext, 'signal'>,
): Promise<readonly LogStretch[]> {
  /** By the size of a segment, which is a server's own: the folder may hold a hundred thousand names. */
  const folders = new Map<number, WalFolder>();
  const ends = new Map<string, [Way, ...Way[]]>();
  for (const base of bases.toSorted((a, b) => b.manifest.endedAt.localeCompare(a.manifest.endedAt))) {
    const { segmentBytes } = base.manifest.wal;
    const wal = folders.get(segmentBytes) ?? (await readWalFolder(walFolder, segmentBytes));
    folders.set(segmentBytes, wal);
    const way: Way = { base, wal, path: findWalPath(wal, base.manifest.wal, null) };
    const same = ends.get(endOf(way));
    if (same === undefined) ends.set(endOf(way), [way]);
    else same.push(way);
  }
  const stretches: LogStretch[] = [];
  for (const [newest, ...older] of ends.values()) {
    const oldest = older.at(-1) ?? newest;
    // What lies between the oldest base archive and the end is the longest of these ways.
    const { segments, missing } = oldest.path;
    const lastSegment = segments.at(-1) ?? null;
    if (lastSegment !== null)
      await checkSegment(newest.wal, lastSegment, newest.base.manifest.server.systemIdentifier);
    const micros =
      pgWaldump === null ? null : await lastCommit(pgWaldump, walFolder, segments.slice(-SEGMENTS_READ), ctx);
    stretches.push({
      from: oldest.base.manifest.endedAt,
      // Downwards: a later instant might not be reached.
      until: micros === null ? null : new Date(Math.floor(micros / 1000)).toISOString(),
      lastSegment,
      missing,
      bases: [newest, ...older].map(({ base }) => shown(base)),
    });
  }
  return stretches;
}
