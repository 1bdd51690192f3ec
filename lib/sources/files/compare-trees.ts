import type { SourceContext } from '../source.ts';
import type { TreeEntry } from './tree-facts.ts';
import { walkTree } from './walk-tree.ts';

const SHOWN = 200;

export interface TreeDifferences {
  /** Paths that only the copy has, that only the live tree has, and that both have but not alike; sorted, at most 200 each. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** There are more than were listed. */
  readonly isCut: boolean;
}

/** What two names of one file, and two files of one name, are compared by. */
const shape = ({ kind, mode, sizeBytes, target }: TreeEntry): string =>
  [
    kind === 'hard-link' ? 'file' : kind,
    kind === 'link' ? '' : mode,
    kind === 'hard-link' ? '' : sizeBytes,
    kind === 'link' ? target : '',
  ].join(' ');

/**
 * What would change where `copy` took the place of `live`: names alone, never a content, which may be a secret. As rsync does, files
 * of one size and one time of change are taken for the same; where the times differ, their contents decide.
 */
export async function compareTrees(
  ctx: Pick<SourceContext, 'signal'>,
  copy: string,
  live: string,
): Promise<TreeDifferences> {
  const { signal } = ctx;
  const there = new Map<string, TreeEntry>();
  for await (const entry of walkTree(live, { hashes: false, signal })) there.set(entry.path, entry);
  const added: string[] = [];
  const changed: string[] = [];
  for await (const entry of walkTree(copy, { hashes: false, signal })) {
    const other = there.get(entry.path);
    if (other === undefined) {
      added.push(entry.path);
      continue;
    }
    there.delete(entry.path);
    if (shape(entry) !== shape(other)) changed.push(entry.path);
    else if (
      entry.kind === 'file' &&
      other.kind === 'file' &&
      entry.changedAtSeconds !== other.changedAtSeconds &&
      !(await isSameContent(copy, live, entry.path, signal))
    )
      changed.push(entry.path);
  }
  const removed = [...there.keys()];
  const show = (paths: readonly string[]): string[] =>
    paths
      .filter((path) => path !== '')
      .map((path) => Buffer.from(path, 'latin1').toString())
      .toSorted()
      .slice(0, SHOWN);
  return {
    added: show(added),
    removed: show(removed),
    changed: show(changed),
    isCut: [added, removed, changed].some(({ length }) => length > SHOWN),
  };
}

async function isSameContent(
  copy: string,
  live: string,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  const [ours, theirs] = await Promise.all(
    [copy, live].map(async (root) => {
      const at = path === '' ? root : `${root}/${Buffer.from(path, 'latin1').toString()}`;
      for await (const { sha256 } of walkTree(at, { hashes: true, signal })) return sha256;
      return '';
    }),
  );
  return ours === theirs;
}
