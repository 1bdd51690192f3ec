import { access, constants, lstat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Facts } from '../../contracts/facts.ts';
import { AppError } from '../../core/errors.ts';
import type { Config, FilesPlace } from '../../platform/config.ts';
import { findProgram } from '../../tools/find-program.ts';
import { startTool } from '../../tools/start-tool.ts';
import type {
  Dump,
  DumpContext,
  DumpOptions,
  Source,
  SourceContext,
  SourceLook,
  SourceProbe,
} from '../source.ts';
import { translateFileError, translateTarExit } from './files-errors.ts';
import { readTar } from './read-tar.ts';
import { sumTree } from './tree-facts.ts';
import { bytesOf, walkTree } from './walk-tree.ts';

/** How long a look at a tree may take: what was counted by then is said. */
const LOOK_MS = 3_000;
const FORBIDDEN_SHOWN = 50;
const CHANGED_SHOWN = 100;
/** In blocks of 512 bytes: tar's own records of 10 KB would make a system call for each. */
const RECORD_BLOCKS = 256;

/** What tar says of a file that somebody wrote to while it was read; the archive is whole all the same. */
const CHANGED =
  /^tar: (.*): (?:file changed as we read it|File removed before we read it|File shrank by .*)$/i;

/** Which folder tar enters, and what it takes there. */
interface Selection {
  readonly folder: string;
  /** All but those of a single file start with `./`: so a name is never taken for an option, and what the source was can be told. */
  readonly members: readonly string[];
}

/**
 * A folder, the data of a Docker volume, one file, or chosen entries below a folder, by way of stock tar. File systems mounted below it are taken
 * too. Access control lists and extended attributes are not.
 */
export function createFilesSource(config: Config, place: FilesPlace): Source {
  const { path, only, excludes } = place;

  const select = async (): Promise<Selection> => {
    try {
      const stats = await lstat(path);
      if (stats.isFile() && only === null) return { folder: dirname(path), members: [basename(path)] };
      if (!stats.isDirectory()) {
        throw new AppError('config', `${path} is neither a folder nor a file`, {
          hint: 'Name the folder itself: a link is not followed.',
          fields: { path },
        });
      }
      await access(path, constants.R_OK | constants.X_OK);
      if (only === null) return { folder: path, members: ['.'] };
      for (const entry of only) await lstat(`${path}/${entry}`);
      return { folder: path, members: only.map((entry) => `./${entry}`) };
    } catch (error) {
      throw translateFileError(error, missingOf(error, path));
    }
  };

  /** Files and their bytes, as far as they can be counted in a few seconds; what may not be read. */
  const measure = async (ctx: SourceContext): Promise<{ bytes: number; forbidden: string[] }> => {
    const { folder, members } = await select();
    const until = ctx.clock.now().getTime() + LOOK_MS;
    const found = { bytes: 0, forbidden: [] as string[] };
    for (const member of members) {
      const root = member === '.' ? folder : `${folder}/${member.replace(/^\.\//, '')}`;
      try {
        for await (const entry of walkTree(root, { hashes: false, signal: ctx.signal })) {
          found.bytes += entry.sizeBytes;
          if (entry.kind === 'file' && found.forbidden.length < FORBIDDEN_SHOWN) {
            await access(bytesOf(root, entry.path), constants.R_OK).catch(() => {
              found.forbidden.push(Buffer.from(entry.path, 'latin1').toString());
            });
          }
          if (ctx.clock.now().getTime() > until) return found;
        }
      } catch (error) {
        ctx.signal.throwIfAborted();
        // A folder that may not be entered ends the walk; something that went away meanwhile is no fault.
        const denied = error instanceof Error && 'code' in error && error.code === 'EACCES';
        if (denied && 'path' in error) found.forbidden.push(String(error.path));
      }
    }
    return found;
  };

  const probe = async (ctx: SourceContext): Promise<SourceProbe> => {
    const { bytes } = await measure(ctx);
    const { version } = await findProgram(config, 'tar', ctx);
    return { productVersion: version, database: path, sizeBytes: bytes, tools: { tar: version } };
  };

  const look = async (ctx: SourceContext): Promise<SourceLook> => {
    const { bytes, forbidden } = await measure(ctx);
    const { version } = await findProgram(config, 'tar', ctx);
    return { productVersion: version, sizeBytes: bytes, isSuperuser: false, forbidden };
  };

  const dump = async (ctx: DumpContext, options: DumpOptions): Promise<Dump> => {
    ctx.signal.throwIfAborted();
    const { folder, members } = await select();
    const { file } = await findProgram(config, 'tar', ctx);
    const { bytes } = await measure(ctx);
    const startedAt = ctx.clock.now().getTime();
    const tree = sumTree();
    const changed: string[] = [];
    let changedCount = 0;
    const reader = readTar((entry) => {
      tree.add(entry);
    });
    const run = startTool(ctx, {
      file,
      args: [
        '--create',
        '--format=posix',
        // Reading the files must not make two dumps of them differ.
        '--pax-option=delete=atime,delete=ctime',
        '--numeric-owner',
        '--sort=name',
        `--blocking-factor=${String(RECORD_BLOCKS)}`,
        ...excludes.map((pattern) => `--exclude=${pattern}`),
        `--directory=${folder}`,
        '--file=-',
        '--',
        ...members,
      ],
      tap: (chunk) => {
        reader.add(chunk);
        options.tap?.(chunk);
      },
      tapLine: (line) => {
        const name = CHANGED.exec(line)?.[1];
        if (name === undefined) return;
        changedCount += 1;
        if (changed.length < CHANGED_SHOWN) changed.push(name.replace(/^\.\//, ''));
      },
      // 1: some file changed while it was read. The archive is whole, and the facts name it.
      goodCodes: [0, 1],
      failure: (exit) => translateTarExit(exit, path),
    });
    return {
      body: run.stdout,
      snapshot: null,
      tables: [],
      excludedTables: [],
      estimateBytes: bytes === 0 ? null : bytes,
      facts: async () => {
        await run.exit;
        ctx.signal.throwIfAborted();
        reader.end();
        const facts: Facts = {
          tableCount: 0,
          tables: [],
          fingerprintVersion: 1,
          sequences: null,
          largeObjects: null,
          objects: null,
          unknownObjects: {},
          database: null,
          roles: null,
          files: tree.facts(changed, changedCount),
          keys: null,
          durationMs: ctx.clock.now().getTime() - startedAt,
        };
        return facts;
      },
      [Symbol.asyncDispose]: async () => {
        run.stdout.destroy();
        await run.exit;
      },
    };
  };

  return { kind: 'files', probe, look, dump };
}

/** Which path the file system spoke of. */
const missingOf = (error: unknown, path: string): string =>
  error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : path;
