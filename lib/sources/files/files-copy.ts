import { createReadStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import type { FileFacts } from '../../contracts/facts.ts';
import { AppError, toAppError } from '../../core/errors.ts';
import type { Config } from '../../platform/config.ts';
import { findProgram } from '../../tools/find-program.ts';
import { readTool } from '../../tools/read-tool.ts';
import { startTool } from '../../tools/start-tool.ts';
import { failed, listNames, passed, unknown, type Judged } from '../judged.ts';
import { unpackingPath } from '../unpacking-path.ts';
import type { PathCopy, PathScope, ScratchContext, SourceContext } from '../source.ts';
import { translateFileError, translateUnpackExit } from './files-errors.ts';
import { isBelowFolder, readTar } from './read-tar.ts';
import { sumTree, type TreeEntry } from './tree-facts.ts';
import { walkTree } from './walk-tree.ts';

const isRoot = (): boolean => process.getuid?.() === 0;

const asPath = (path: string): string => Buffer.from(path).toString('latin1');

const isWithin = (path: string, chosen: readonly string[]): boolean =>
  chosen.some((one) => path === one || path.startsWith(`${one}/`));

/** Tells every entry of the plain tar in `file`, to its end. Throws `restore_failed` where it is not one, or leads outside of its folder. */
async function readEntries(
  ctx: Pick<SourceContext, 'signal'>,
  file: string,
  onEntry: (entry: TreeEntry, name: string) => void,
): Promise<void> {
  const reader = readTar(onEntry);
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024, signal: ctx.signal })) {
    reader.add(chunk as Buffer);
  }
  reader.end();
}

/** See PathCopy. A tree, or the one file that the source was. */
export function createFilesCopy(config: Config): PathCopy {
  return {
    fill: async (ctx, file, at, { paths }) => {
      const chosen = paths?.map(asPath) ?? null;
      const missing = new Set(chosen);
      const names: string[] = [];
      await readEntries(ctx, file, ({ path }, name) => {
        if (names.length === 0) names.push(name);
        for (const one of missing) if (isWithin(path, [one])) missing.delete(one);
      });
      if (missing.size > 0) {
        const shown = [...missing].map((path) => Buffer.from(path, 'latin1').toString());
        throw new AppError('invalid', `the backup does not hold ${listNames(shown)}`, {
          hint: 'Choose paths as they stand below the folder of the source.',
        });
      }
      const [first] = names;
      if (first === undefined || isBelowFolder(first)) {
        await mkdir(at, { mode: 0o700 });
        await unpack(config, ctx, file, at, paths?.map((path) => `./${path}`) ?? []);
      } else {
        const folder = unpackingPath(at);
        await mkdir(folder, { mode: 0o700 });
        try {
          await unpack(config, ctx, file, folder, []);
          await rename(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(first, 'latin1')]), at);
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      }
      // A crash after the last rename must not leave names without their bytes.
      const { file: sync } = await findProgram(config, 'sync', ctx);
      await readTool(ctx, { file: sync, args: ['--file-system', at] });
    },
    compare: async (ctx, at, { facts, options }, scope) => {
      const expected = facts.files;
      if (expected === null) {
        ctx.report({
          ...unknown('files', true, 'the manifest does not tell what the backup holds'),
          durationMs: 0,
        });
        return;
      }
      await compare(ctx, at, expected, scope, options.files?.only ?? null);
    },
  };
}

async function unpack(
  config: Config,
  ctx: SourceContext,
  file: string,
  folder: string,
  members: readonly string[],
): Promise<void> {
  const { file: tar } = await findProgram(config, 'tar', ctx);
  const run = startTool(ctx, {
    file: tar,
    args: [
      '--extract',
      '--same-permissions',
      '--numeric-owner',
      isRoot() ? '--same-owner' : '--no-same-owner',
      '--delay-directory-restore',
      '--no-wildcards',
      '--no-unquote',
      '--warning=no-timestamp',
      `--directory=${folder}`,
      `--file=${file}`,
      ...(members.length === 0 ? [] : ['--', ...members]),
    ],
    failure: (exit) => translateUnpackExit(exit, folder),
  });
  run.stdout.resume();
  await new Promise<void>((resolve, reject) => {
    run.stdout.once('end', resolve).once('error', reject);
  });
  await run.exit;
}

const countsOf = ({ files, directories, links, others, bytes }: FileFacts): string =>
  `${String(files)} files, ${String(directories)} folders, ${String(links)} links${others === 0 ? '' : `, ${String(others)} pipes and devices`}, ${String(bytes)} bytes`;

async function compare(
  ctx: ScratchContext,
  at: string,
  manifestFacts: FileFacts,
  { paths, dump }: PathScope,
  only: readonly string[] | null,
): Promise<void> {
  let since = ctx.clock.now().getTime();
  const report = (check: Judged, error?: AppError): void => {
    const now = ctx.clock.now().getTime();
    ctx.report({ ...check, durationMs: now - since }, error);
    since = now;
  };
  ctx.say('reading every file of the copy');
  let expected = manifestFacts;
  const tree = sumTree();
  try {
    const chosen = (paths ?? only)?.map(asPath) ?? null;
    if (paths !== null && chosen !== null) {
      if (dump === undefined) throw new TypeError('a choice of entries is compared with the dump');
      const wanted = sumTree();
      await readEntries(ctx, dump, (entry) => {
        if (isWithin(entry.path, chosen)) wanted.add(entry);
      });
      expected = wanted.facts([], 0);
    }
    for await (const entry of walkTree(at, { hashes: true, signal: ctx.signal })) {
      // The folders above chosen entries were made for them, with nothing of the backup.
      if (chosen === null || isWithin(entry.path, chosen)) tree.add(entry);
    }
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    const error = toAppError(translateFileError(thrown, at));
    report(unknown('files', true, error.message), error);
    return;
  }
  const found = tree.facts([], 0);
  const [want, have] = [countsOf(expected), countsOf(found)];
  report(
    want === have
      ? passed('files', want, have)
      : failed('files', want, have, 'the copy holds other files than the backup'),
  );
  report(
    expected.fingerprint === found.fingerprint
      ? passed('content', expected.fingerprint, found.fingerprint)
      : failed(
          'content',
          expected.fingerprint,
          found.fingerprint,
          'names or contents are not those of the backup',
        ),
  );
  report(judgeProperties(expected, found));
  if (expected.changedCount > 0) {
    report(
      unknown(
        'changed',
        false,
        `written to or gone while they were read, and archived as they were read: ${listNames(expected.changed)}`,
        '0',
        String(expected.changedCount),
      ),
    );
  }
}

function judgeProperties(expected: FileFacts, found: FileFacts): Judged {
  const [want, have] = [expected.properties, found.properties];
  if (want === have) return passed('properties', want, have);
  return isRoot()
    ? failed('properties', want, have, 'modes, owners or times are not those of the backup')
    : unknown('properties', false, 'owners come back only where the worker runs as root', want, have);
}
