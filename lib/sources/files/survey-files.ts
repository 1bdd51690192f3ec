import type { SourceContext } from '../source.ts';
import { shown } from './tree-entry.ts';
import {
  asStored,
  isForbidden,
  placeOf,
  tryToRead,
  walkTree,
  type Walk,
  type WalkedEntry,
} from './walk-tree.ts';

/** A person waits for a survey: what a larger tree has beyond this is not counted. */
const ENTRIES_MAX = 200_000;
const TAKES_MAX_MS = 3_000;
const FORBIDDEN_MAX = 1_000;

const BLOCK = 512;
/** A header, and an extended one with the fraction of its time. */
const HEADERS_BYTES = 3 * BLOCK;

/** About what an entry takes in a tar archive. */
export const storedBytes = (entry: WalkedEntry): number =>
  HEADERS_BYTES + Math.ceil(asStored(entry).sizeBytes / BLOCK) * BLOCK;

/** The content of a tree, as far as it was counted within seconds. Throws what the file system says. */
export async function countBytes(ctx: SourceContext, walk: Walk): Promise<number> {
  let bytes = 0;
  // What may not be read is for the dump to name.
  for await (const entry of walkForSeconds(ctx, { ...walk, onForbidden: () => undefined }))
    bytes += asStored(entry).sizeBytes;
  return bytes;
}

/** The entries of a tree that this user may not read, as far as they were looked at within seconds. */
export async function findForbidden(ctx: SourceContext, walk: Walk): Promise<readonly string[]> {
  const forbidden = new Set<string>();
  const onForbidden = (path: string): void => {
    forbidden.add(shown(path));
  };
  for await (const { path, kind } of walkForSeconds(ctx, { ...walk, onForbidden })) {
    if (forbidden.size >= FORBIDDEN_MAX) break;
    if (kind !== 'file') continue;
    await tryToRead(placeOf(walk.root, path)).catch((error: unknown) => {
      if (isForbidden(error)) onForbidden(path);
    });
  }
  return [...forbidden];
}

async function* walkForSeconds(ctx: SourceContext, walk: Walk): AsyncGenerator<WalkedEntry> {
  const startedAt = ctx.clock.now().getTime();
  let left = ENTRIES_MAX;
  for await (const entry of walkTree(ctx, walk)) {
    yield entry;
    left -= 1;
    if (left === 0 || ctx.clock.now().getTime() - startedAt > TAKES_MAX_MS) return;
  }
}
