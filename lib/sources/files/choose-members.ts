import { AppError } from '../../core/errors.ts';
import { outermost } from '../../core/path-within.ts';
import type { SourceContext } from '../source.ts';
import { readTarFile } from './read-tar-file.ts';
import { isBelowFolder, type TarMember } from './read-tar.ts';
import { byteText, shown, type ByteText } from './tree-entry.ts';
import { sumTree, type TreeFacts } from './tree-facts.ts';

/** How an archive is to be opened. */
export interface ChosenMembers {
  /** Whether its only member is the single file that the source was. */
  readonly isFile: boolean;
  /** As tar is told to open them; empty for all. */
  readonly names: readonly string[];
  /** Those that are devices, which only root can make. */
  readonly devices: readonly string[];
}

/**
 * Reads an archive's headers before anything of it is opened. Throws `restore_failed` where it is damaged, or a member would leave the folder
 * that it is opened in, and `invalid` for a chosen path that it does not have.
 */
export async function chooseMembers(
  ctx: Pick<SourceContext, 'signal'>,
  file: string,
  paths: readonly string[] | null,
): Promise<ChosenMembers> {
  const choice = choiceOf(paths);
  const met = new Set<ByteText>();
  const found = { isFile: false, devices: [] as string[] };
  await readTarFile(ctx, file, {
    tell: (member) => {
      refuseOutside(member);
      found.isFile ||= !isBelowFolder(member.name);
      if (member.isDevice) found.devices.push(shown(member.name));
      const by = choice?.by(member.path) ?? null;
      if (choice === null || by === null) return;
      met.add(by);
      if (member.kind === 'hardlink' && choice.by(member.target) === null) throw cutLink(member);
    },
    needsHash: () => false,
  });
  const missing = choice?.paths.find((path) => !met.has(path));
  if (missing !== undefined) {
    throw new AppError('invalid', `${shown(missing)} is not in the backup`, {
      hint: 'Choose paths that the backup has, each as it stands below the path of the source.',
      fields: { field: 'paths' },
    });
  }
  return { ...found, names: choice?.paths.map((path) => `./${shown(path)}`) ?? [] };
}

/** What chosen entries of an archive add up to. Throws `restore_failed` where it is damaged. */
export async function addUpChosen(
  ctx: Pick<SourceContext, 'signal'>,
  file: string,
  paths: readonly string[],
): Promise<TreeFacts> {
  const choice = choiceOf(paths);
  const isChosen = ({ path }: { readonly path: ByteText }): boolean => choice?.by(path) != null;
  const sum = sumTree();
  await readTarFile(ctx, file, {
    tell: (member) => {
      if (isChosen(member)) sum.add(member);
    },
    needsHash: isChosen,
  });
  return sum.facts();
}

function choiceOf(
  paths: readonly string[] | null,
): { readonly paths: readonly ByteText[]; readonly by: (path: ByteText) => ByteText | null } | null {
  if (paths === null) return null;
  const chosen = new Set(outermost(paths).map(byteText));
  return {
    paths: [...chosen],
    /** Which choice covers a path: itself, or a folder above it. */
    by: (path) => {
      for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
        const above = path.slice(0, end);
        if (chosen.has(above)) return above;
      }
      return null;
    },
  };
}

function refuseOutside({ name, kind, target }: TarMember): void {
  const leaves = (path: ByteText): boolean => path.startsWith('/') || path.split('/').includes('..');
  if (!leaves(name) && !(kind === 'hardlink' && leaves(target))) return;
  throw new AppError('restore_failed', `the archive wants to reach out of its folder: ${shown(name)}`, {
    hint: 'No backup of Holdfast does that: find out who made this archive, and take another copy.',
  });
}

const cutLink = ({ path, target }: TarMember): AppError =>
  new AppError('invalid', `${shown(path)} is another name of ${shown(target)}, which is not chosen`, {
    hint: `Choose ${shown(target)} too: the backup holds the content under that name.`,
    fields: { field: 'paths' },
  });
