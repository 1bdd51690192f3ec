import { dirname } from 'node:path';
import { toAppError } from '../../core/errors.ts';
import type { Manifest } from '../../contracts/manifest.ts';
import type { Config } from '../../platform/config.ts';
import { unknown, type Judged } from '../judged.ts';
import type { PathCopy, PathScope, ScratchContext } from '../source.ts';
import { addUpChosen, chooseMembers } from './choose-members.ts';
import { compareFiles, judgeChanged } from './compare-files.ts';
import { extractTar } from './extract-tar.ts';
import { translateFileError } from './files-errors.ts';
import { hashTree } from './hash-tree.ts';
import { whyNoProperties } from './holds-properties.ts';
import { walkOf } from './select-files.ts';
import { sumTree, type TreeFacts } from './tree-facts.ts';

/** See PathCopy. A folder, or the single file that the source was. */
export function createFilesCopy(config: Config): PathCopy {
  return {
    fill: async (ctx, file, at, { paths }) => {
      const members = await chooseMembers(ctx, file, paths);
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

async function compare(
  ctx: ScratchContext,
  at: string,
  { facts: { files }, options }: Manifest,
  { paths, dump }: PathScope,
): Promise<readonly Judged[]> {
  if (files === null) return [unknown('files', true, 'the manifest does not tell what the backup holds')];
  ctx.say('reading every file of the copy');
  const expected = paths === null ? files : await addUpChosen(ctx, needDump(dump), paths);
  const found = await addUp(ctx, at, paths ?? options.files?.only ?? null);
  const checks = await compareFiles(expected, found, () => whyNoProperties(dirname(at)));
  return [...checks, ...judgeChanged(files)];
}

function needDump(dump: string | undefined): string {
  if (dump === undefined) throw new TypeError('a choice of entries is compared with the dump');
  return dump;
}

async function addUp(ctx: ScratchContext, at: string, only: readonly string[] | null): Promise<TreeFacts> {
  try {
    const sum = sumTree();
    for await (const entry of hashTree(ctx, walkOf(at, only))) sum.add(entry);
    return sum.facts();
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw translateFileError(error, at);
  }
}
