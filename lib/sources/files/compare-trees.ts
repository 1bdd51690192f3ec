import type { SourceContext } from '../source.ts';
import { excluder } from './exclude-patterns.ts';
import { translateFileError } from './files-errors.ts';
import { fileHasher } from './hash-tree.ts';
import { walkOf } from './select-files.ts';
import { byteText, shown, type ByteText, type TreeEntry } from './tree-entry.ts';
import { isGone, walkTree } from './walk-tree.ts';

/** Paths that are named; where there are more, the comparison ends. */
const NAMED_MAX = 200;

/** What a backup took of its source: chosen entries, and what it left out. */
export interface Taken {
  readonly only: readonly string[] | null;
  readonly excludes: readonly string[];
}
const EVERYTHING: Taken = { only: null, excludes: [] };

/** What taking the copy into use would do, by paths below both. Names alone: files of configuration hold secrets. */
export interface TreeDifferences {
  /** In the copy alone. */
  readonly added: readonly string[];
  /** In the live one alone. */
  readonly removed: readonly string[];
  /** Another content, kind, or target of a link. */
  readonly changed: readonly string[];
  /** There may be more. */
  readonly isCut: boolean;
}

type Side = AsyncGenerator<TreeEntry, undefined>;

/** The order of a walk: a folder's entries before whatever comes after the folder. */
const orderOf = ({ path }: TreeEntry): string => (path === '.' ? '' : path.replaceAll('/', '\0'));

/**
 * Holds a copy of a backup against what is live at its place, folders or single files: reads both once, in step, and the content
 * of files of one size. `taken`: what of the live one is not in the copy is no difference. Throws like a probe.
 */
export async function compareTrees(
  ctx: Pick<SourceContext, 'signal'>,
  copy: string,
  live: string,
  { only, excludes }: Taken = EVERYTHING,
): Promise<TreeDifferences> {
  const isExcluded = excluder(excludes.map(byteText));
  const walk = (root: string): Side =>
    walkTree(ctx, {
      ...walkOf(root, only),
      isLeftOut: (path) => isExcluded(path === '.' ? path : `./${path}`),
    });
  const hashOfCopy = fileHasher(byteText(copy));
  const hashOfLive = fileHasher(byteText(live));
  const isSame = async (a: TreeEntry, b: TreeEntry): Promise<boolean> => {
    if (a.kind !== b.kind || a.target !== b.target || a.sizeBytes !== b.sizeBytes) return false;
    if (a.kind !== 'file') return true;
    const hash = await hashOfCopy(ctx, a.path);
    // What goes away while it is compared is another than the copy's.
    const other = await hashOfLive(ctx, b.path).catch((error: unknown) => {
      if (isGone(error)) return null;
      throw error;
    });
    return hash === other;
  };

  const found = { added: [] as string[], removed: [] as string[], changed: [] as string[] };
  let named = 0;
  const name = (list: keyof typeof found, path: ByteText): void => {
    if (named < NAMED_MAX) found[list].push(shown(path));
    named += 1;
  };
  const [left, right] = [walk(copy), walk(live)];
  try {
    let [a, b] = [await nextOf(left), await nextOf(right)];
    while ((a !== null || b !== null) && named <= NAMED_MAX) {
      if (a !== null && (b === null || orderOf(a) < orderOf(b))) {
        name('added', a.path);
        a = await nextOf(left);
      } else if (b !== null && (a === null || orderOf(b) < orderOf(a))) {
        name('removed', b.path);
        b = await nextOf(right);
      } else if (a !== null && b !== null) {
        if (!(await isSame(a, b))) name('changed', a.path);
        [a, b] = [await nextOf(left), await nextOf(right)];
      }
    }
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw translateFileError(error, live);
  } finally {
    await left.return(undefined);
    await right.return(undefined);
  }
  return { ...found, isCut: named > NAMED_MAX };
}

async function nextOf(side: Side): Promise<TreeEntry | null> {
  for (;;) {
    const { value } = await side.next();
    // A pipe or socket is made by whoever uses it.
    if (value?.kind !== 'other') return value ?? null;
  }
}
