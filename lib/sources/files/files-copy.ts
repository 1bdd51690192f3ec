import { lstat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { toAppError } from '../../core/errors.ts';
import type { Manifest } from '../../contracts/manifest.ts';
import type { Config } from '../../platform/config.ts';
import { unknown, type Judged } from '../judged.ts';
import type { PathCopy, PathScope, ScratchContext } from '../source.ts';
import { chooseMembers } from './choose-members.ts';
import { compareFiles, judgeChanged } from './compare-files.ts';
import { extractTar } from './extract-tar.ts';
import { translateFileError } from './files-errors.ts';
import { hashTree } from './hash-tree.ts';
import { whyNoProperties } from './holds-properties.ts';
import { walkOf } from './select-files.ts';
import { byteText } from './tree-entry.ts';
import { sumTree, type TreeFacts } from './tree-facts.ts';

/** See PathCopy. Of chosen paths, only the archive tells what they add up to: `compare` needs the same PathCopy that filled the copy. */
export function createFilesCopy(config: Config): PathCopy {
  const chosenFacts = new Map<string, TreeFacts>();

  const compare = async (
    ctx: ScratchContext,
    at: string,
    manifest: Manifest,
    scope: PathScope,
  ): Promise<readonly Judged[]> => {
    const files = manifest.facts.files;
    const expected = scope.paths === null ? files : (chosenFacts.get(at) ?? null);
    if (files === null || expected === null)
      return [unknown('files', true, 'what they add up to is not known')];
    ctx.say('reading every file of the copy');
    const found = await addUp(ctx, at, manifest, scope);
    return [
      ...(await compareFiles(expected, found, () => whyNoProperties(dirname(at)))),
      ...judgeChanged(files),
    ];
  };

  return {
    fill: async (ctx, file, at, scope) => {
      const members = await chooseMembers(ctx, file, scope);
      if (members.facts !== null) chosenFacts.set(at, members.facts);
      await extractTar(config, ctx, { file, at, members });
    },
    compare: async (ctx, at, manifest, scope) => {
      let since = ctx.clock.now().getTime();
      const report = (check: Judged, error?: Parameters<ScratchContext['report']>[1]): void => {
        const now = ctx.clock.now().getTime();
        ctx.report({ ...check, durationMs: now - since }, error);
        since = now;
      };
      try {
        for (const check of await compare(ctx, at, manifest, scope)) report(check);
      } catch (thrown) {
        ctx.signal.throwIfAborted();
        const error = toAppError(thrown);
        report(unknown('files', true, error.message), error);
      }
    },
  };
}

async function addUp(
  ctx: ScratchContext,
  at: string,
  { source, options }: Manifest,
  scope: PathScope,
): Promise<TreeFacts> {
  try {
    const isFolder = (await lstat(at)).isDirectory();
    const sum = sumTree();
    for await (const entry of hashTree(
      ctx,
      walkOf(at, isFolder, scope.paths ?? options.files?.only ?? null),
    )) {
      // A single file may have got another name.
      sum.add(isFolder ? entry : { ...entry, path: byteText(basename(source.database)) });
    }
    return sum.facts();
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw translateFileError(error, at);
  }
}
