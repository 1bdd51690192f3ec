import { AppError } from '../../core/errors.ts';
import type { PathScope, SourceContext } from '../source.ts';
import { readTarFile } from './read-tar-file.ts';
import type { TarMember } from './read-tar.ts';
import { outermost } from './select-files.ts';
import { byteText, shown, type ByteText } from './tree-entry.ts';
import { sumTree, type TreeFacts } from './tree-facts.ts';

/** What of an archive is to be opened. */
export interface ChosenMembers {
  /** Of a single file the name of its only member; null of a folder. */
  readonly fileName: string | null;
  /** As tar is told to open them; null for all. */
  readonly names: readonly string[] | null;
  /** What the chosen members add up to by the archive itself; null where all are chosen, of which the manifest tells. */
  readonly facts: TreeFacts | null;
}

/**
 * Reads an archive's headers before anything of it is opened. Throws `restore_failed` where it is damaged, or a member would leave the folder
 * that it is opened in, and `invalid` for a chosen path that it does not have.
 */
export async function chooseMembers(
  ctx: Pick<SourceContext, 'signal'>,
  file: string,
  { paths }: PathScope,
): Promise<ChosenMembers> {
  const chosen = paths === null ? null : new Set(outermost(paths).map(byteText));
  const met = new Set<ByteText>();
  const sum = sumTree();
  const single = { name: null as string | null };
  await readTarFile(
    ctx,
    file,
    (member) => {
      refuseOutside(member);
      // Whatever lies below a folder is stored as `./path`.
      if (!member.name.startsWith('./')) single.name = shown(member.name);
      const by = chosen === null ? null : choiceOf(chosen, member.path);
      if (chosen === null || by === null) return;
      met.add(by);
      refuseCutLink(chosen, member);
      sum.add(member);
    },
    ({ path }) => chosen !== null && choiceOf(chosen, path) !== null,
  );
  const missing = [...(chosen ?? [])].find((path) => !met.has(path));
  if (missing !== undefined) {
    throw new AppError('invalid', `${shown(missing)} is not in the backup`, {
      hint: 'Choose paths that the backup has, each as it stands below the path of the source.',
      fields: { field: 'paths' },
    });
  }
  return {
    fileName: single.name,
    names: chosen === null || single.name !== null ? null : [...chosen].map((path) => `./${shown(path)}`),
    facts: chosen === null ? null : sum.facts(),
  };
}

/** The choice that covers a path: itself, or a folder above it. */
function choiceOf(chosen: ReadonlySet<ByteText>, path: ByteText): ByteText | null {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const above = path.slice(0, end);
    if (chosen.has(above)) return above;
  }
  return null;
}

function refuseOutside({ name, kind, target }: TarMember): void {
  const leaves = (path: ByteText): boolean => path.startsWith('/') || path.split('/').includes('..');
  if (!leaves(name) && !(kind === 'hardlink' && leaves(target))) return;
  throw new AppError('restore_failed', `the archive wants to write outside of its folder: ${shown(name)}`, {
    hint: 'No backup of Holdfast does that: find out who made this archive, and take another copy.',
  });
}

function refuseCutLink(chosen: ReadonlySet<ByteText>, { kind, path, target }: TarMember): void {
  if (kind !== 'hardlink' || choiceOf(chosen, target) !== null) return;
  throw new AppError('invalid', `${shown(path)} is another name of ${shown(target)}, which is not chosen`, {
    hint: `Choose ${shown(target)} too: the backup holds the content under that name.`,
    fields: { field: 'paths' },
  });
}
